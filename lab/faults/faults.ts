import { arrayFaults } from './faults-array.js';
import { daemonFaults } from './faults-daemons.js';
import { networkFaults } from './faults-network.js';
import { serverFaults } from './faults-server.js';
import { toolFaults } from './faults-tools.js';
import { workerFaults } from './faults-worker.js';
import type { LabFault } from './fault.js';

/** Everything that goes wrong on the real kernel; a host that goes down is in `lab/reboot.test.ts`. */
export const FAULTS: readonly LabFault[] = [
  ...workerFaults,
  ...daemonFaults,
  ...networkFaults,
  ...arrayFaults,
  ...toolFaults,
  ...serverFaults,
];
