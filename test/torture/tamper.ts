import type { FileTree } from '../../src/host/file-tree.js';
import type { HostSteps } from '../../src/model/steps.js';
import type { FileWriter } from '../../src/privileged/file-writer.js';
import type { PrivilegedVerbs } from '../../src/privileged/verbs.js';
import type { SimulatedHost } from '../../src/simulator/simulated-host.js';
import type { Evidence, RunHistory } from './evidence.js';

/** Where a planted defect may stand: between the rooms of a host worker, or before the oracle. */
export interface Tamper {
  files?(files: FileTree): FileTree;
  writer?(writer: FileWriter): FileWriter;
  /** @param host - the machine, for what a defect does to it behind mooring's back */
  verbs?(verbs: PrivilegedVerbs, host: SimulatedHost): PrivilegedVerbs;
  /** @param others - the other hosts of the run */
  steps?(steps: HostSteps, host: SimulatedHost, others: () => readonly SimulatedHost[]): HostSteps;
  history?(history: RunHistory): RunHistory;
  evidence?(evidence: Evidence): Evidence;
}
