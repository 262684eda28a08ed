import type { Boot } from './boot.js';
import type { ChangeBell } from './change-bell.js';
import type { Durations } from './durations.js';
import type { FaultPlan } from './fault-plan.js';
import type { Network } from './network.js';

/** What every part of a running machine is given. */
export interface BootEnvironment {
  readonly boot: Boot;
  readonly durations: Durations;
  readonly faults: FaultPlan;
  readonly network: Network;
  /** Rings when something changed that a hanging request may wait for. */
  readonly changes: ChangeBell;
}
