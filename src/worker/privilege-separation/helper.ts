import { setTimeout as pause } from 'node:timers/promises';
import { FIXED_BOUNDS } from '../../contract/policy.js';
import { createVerbs } from '../../privileged/create-verbs.js';
import { ExecaRunner } from '../../privileged/execa-runner.js';
import { NodeFileTree } from '../../privileged/node-file-tree.js';
import { NodeFileWriter, writablePlaces } from '../../privileged/node-file-writer.js';
import { DirectorySecrets } from '../../privileged/secrets.js';
import { tryLock, type AbstractLock } from '../abstract-lock.js';
import { serveVerbs } from './serve-verbs.js';

/** Not the run directory: that one belongs to the worker's user, who must not lead root elsewhere. */
const HELPER_DIRECTORY = '/run/mooring-helper';

/** The longest verb is an iscsiadm that is not cut short. */
const PREDECESSOR_MS = FIXED_BOUNDS.iscsiadmTimeoutMs + 15_000;
const LOOK_INTERVAL_MS = 100;

// Entry of the process that keeps root's rights: `node helper.js SECRETS_DIRECTORY ...`, started by
// a worker. It ends with the worker, not by a signal meant for both.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const lock = await waitForPredecessor();
const { ended } = serveVerbs(
  {
    send: (message) => {
      // A worker that has gone meanwhile hears no answer, and needs none.
      if (process.connected) process.send?.(message, () => undefined);
    },
    onMessage: (take) => process.on('message', take),
    onClose: (closed) => process.once('disconnect', closed),
  },
  createVerbs({
    runner: new ExecaRunner({ outputDirectory: `${HELPER_DIRECTORY}/output` }),
    files: new NodeFileTree(),
    writer: new NodeFileWriter(writablePlaces(HELPER_DIRECTORY)),
    secrets: new DirectorySecrets(process.argv.slice(2)),
  }),
);
await ended;
await lock.release();
process.exit();

/** The helper of a worker that was killed brings to its end what it has begun; then it is our turn. */
async function waitForPredecessor(): Promise<AbstractLock> {
  const deadline = Date.now() + PREDECESSOR_MS;
  while (process.connected && Date.now() < deadline) {
    const taken = await tryLock('mooring/privileged-helper', `process ${process.pid}`);
    if (taken !== undefined) return taken;
    await pause(LOOK_INTERVAL_MS);
  }
  process.exit(1);
}
