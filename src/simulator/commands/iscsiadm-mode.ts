import type { LinuxHost, RunningHost } from '../linux-host.js';
import type { ProgramEnd } from './command-handler.js';
import type { IscsiadmOptions } from './iscsiadm-options.js';

export interface Machine {
  readonly host: LinuxHost;
  readonly running: RunningHost;
}

/** One mode of iscsiadm; `undefined` for options the model does not know. */
export type IscsiadmMode = (
  machine: Machine,
  options: IscsiadmOptions,
) => Promise<ProgramEnd | undefined>;
