import { fileURLToPath } from 'node:url';
import { startHelperProcess } from '../../privileged/helper-process.js';
import type { PrivilegedVerbs } from '../../privileged/verbs.js';
import { WorkerRefused } from '../worker-refused.js';
import { becomeUser, handOverRunDirectory, requireUser } from './drop-privileges.js';
import { remoteVerbs } from './remote-verbs.js';

/** In `dist`: a process of its own runs what was built. */
const HELPER = fileURLToPath(new URL('./helper.js', import.meta.url));

/** The verbs of a helper that keeps root's rights. */
export interface SeparatedVerbs {
  readonly verbs: PrivilegedVerbs;
  /** Resolves when the helper has ended; without it the worker can do nothing any more. */
  readonly ended: Promise<void>;
  /** Lets the helper end. */
  close(): void;
}

/**
 * Starts the helper, then gives up root's rights for good. What the network can reach is from then
 * on an ordinary user who may ask root for a closed set of checked things.
 *
 * @throws WorkerRefused - not root, no such user; Error - the helper does not start
 */
export async function separatePrivileges(options: {
  readonly runAs: string;
  readonly secretsDirectories: readonly string[];
}): Promise<SeparatedVerbs> {
  const { runAs, secretsDirectories } = options;
  if (process.getuid?.() !== 0) {
    throw new WorkerRefused(
      'setting',
      `Cannot run as ${runAs} (--run-as or MOORING_RUN_AS): that takes root to begin with`,
    );
  }
  const user = await requireUser(runAs);
  const child = startHelperProcess(HELPER, secretsDirectories);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  const { verbs, ready } = remoteVerbs({
    send: (message) => {
      // Whether it arrived is told by the answer, or by the end of the channel.
      if (child.connected) child.send(message as object, () => undefined);
    },
    onMessage: (take) => child.on('message', take),
    onClose: (closed) => child.once('disconnect', closed).once('error', closed),
  });
  try {
    await ready;
    await handOverRunDirectory(user);
    becomeUser(user);
  } catch (error) {
    if (child.connected) child.disconnect();
    if (error instanceof WorkerRefused) throw error;
    throw new Error('The privileged helper did not start', { cause: error });
  }
  return {
    verbs,
    ended,
    close: () => {
      if (child.connected) child.disconnect();
    },
  };
}
