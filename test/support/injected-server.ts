import { inject } from 'vitest';
import type { FleetServer } from './in-process-fleet.js';

/** The server and the workflow bundle of this test run, see `global-setup.ts`. */
export function injectedServer(): FleetServer {
  return {
    temporalAddress: inject('temporalAddress'),
    workflowBundle: inject('workflowBundle'),
  };
}
