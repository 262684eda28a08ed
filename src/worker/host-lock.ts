import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { WorkerRefused } from './worker-refused.js';

/** The lock of a host; held until released or until the process ends, however it ends. */
export interface HostLock {
  release(): Promise<void>;
}

export interface HostLockOptions {
  readonly hostId: string;
  /** Absent: this machine. One machine has one lock, whatever id its worker is given. */
  readonly simulatedHost?: string;
}

/** A holder that does not say who it is within this time is not waited for. */
const ASK_TIMEOUT_MS = 1_000;
const ANSWER_MAX_CHARACTERS = 200;

/**
 * Makes sure that no second host worker runs on this host: exclusion between steps is in the memory
 * of one process.
 *
 * The lock is a listening abstract unix socket: no file that could be left over, gone with the
 * process. It holds within a network namespace, so a worker in a container must share the host's;
 * it has to anyway, since iscsid is reached through netlink.
 *
 * @throws WorkerRefused `conflict` - somebody holds the lock; says who
 */
export async function takeHostLock(options: HostLockOptions): Promise<HostLock> {
  const name = lockName(options);
  const owner = `host id ${options.hostId}, process ${process.pid}`;
  const server = createServer((asking) => {
    asking.on('error', () => undefined).end(owner);
  });
  server.listen(name);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new WorkerRefused(
      'conflict',
      `Another host worker runs on this host (${await askOwner(name)}): stop it first`,
    );
  }
  server.unref();
  return {
    release: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

function lockName({ hostId, simulatedHost }: HostLockOptions): string {
  if (simulatedHost === undefined) return '\0mooring/host-worker';
  // Names end at 107 bytes; socket paths alone may be that long.
  const scope = createHash('sha256').update(`${simulatedHost}\0${hostId}`).digest('hex');
  return `\0mooring/host-worker/${scope.slice(0, 32)}`;
}

/** What the holder says about itself. Anybody may hold the name, so its answer is only shown. */
async function askOwner(name: string): Promise<string> {
  const socket = connect(name).setTimeout(ASK_TIMEOUT_MS, () => {
    socket.destroy(new Error('no answer'));
  });
  try {
    const answer = await text(socket);
    return answer.slice(0, ANSWER_MAX_CHARACTERS).replaceAll(/[^\x20-\x7e]/g, '?');
  } catch {
    return 'it does not say who it is';
  } finally {
    socket.destroy();
  }
}
