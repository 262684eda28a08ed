import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';

/** A lock that is held until it is released or its process ends, however that ends. */
export interface AbstractLock {
  release(): Promise<void>;
}

/** A holder that does not say who it is within this time is not waited for. */
const ASK_TIMEOUT_MS = 1_000;
const ANSWER_MAX_CHARACTERS = 200;

/**
 * Takes a lock by listening on an abstract unix socket: no file that could be left over, gone with
 * the process. It holds within a network namespace.
 *
 * @param name - without the zero byte; at most 106 bytes
 * @param owner - told to whoever asks
 * @returns `undefined` when somebody holds it
 */
export async function tryLock(name: string, owner: string): Promise<AbstractLock | undefined> {
  const server = createServer((asking) => {
    asking.on('error', () => undefined).end(owner);
  });
  server.listen(`\0${name}`);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
  server.unref();
  return {
    release: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** What the holder of a lock says about itself. Anybody may hold it, so that is only shown. */
export async function askOwner(name: string): Promise<string> {
  const socket = connect(`\0${name}`).setTimeout(ASK_TIMEOUT_MS, () => {
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
