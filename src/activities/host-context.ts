import type { FileTree } from '../host/file-tree.js';
import type { PortalNetwork } from '../host/portal-network.js';
import type { FileWriter } from '../privileged/file-writer.js';
import { KeyedMutex } from '../privileged/keyed-mutex.js';
import type { PrivilegedVerbs } from '../privileged/verbs.js';
import { ClaimStore } from './claim-store.js';
import { StepOrder } from './step-order.js';

/** What a worker wires into the steps of its host. */
export interface HostDependencies {
  /** The configured id; a step for another host is refused. */
  readonly hostId: string;
  readonly files: FileTree;
  /** Writes below mooring's own run directory only. */
  readonly runFiles: FileWriter;
  readonly network: PortalNetwork;
  readonly verbs: PrivilegedVerbs;
}

/** What the steps of one host share: the seams, the claims and the exclusion between steps. */
export interface HostContext extends HostDependencies {
  readonly claims: ClaimStore;
  /**
   * Per portal and target: {claim … login} against {nobody else claims it … logout}. Never host-wide,
   * so a portal that hangs delays only those who want that portal.
   */
  readonly sessionLocks: KeyedMutex;
  /** Per WWID: changes of a map. */
  readonly mapLocks: KeyedMutex;
  /** What brings up and what takes away the same, of one attachment. */
  readonly stepOrder: StepOrder;
}

export function createHostContext(dependencies: HostDependencies): HostContext {
  return {
    ...dependencies,
    claims: new ClaimStore(dependencies.files, dependencies.runFiles),
    sessionLocks: new KeyedMutex(),
    mapLocks: new KeyedMutex(),
    stepOrder: new StepOrder(),
  };
}
