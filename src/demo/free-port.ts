import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/**
 * A TCP port of the loopback interface that nobody listens on now. Somebody else may take it before
 * it is used: whoever uses it must be ready to ask again.
 */
export function freePort(): Promise<number> {
  return listenBriefly(0);
}

/**
 * Makes sure that nobody listens on this port of the loopback interface.
 *
 * @throws Error that names the port
 */
export async function requireFreePort(port: number): Promise<void> {
  try {
    await listenBriefly(port);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Port ${port} cannot be used: ${reason}`, { cause: error });
  }
}

async function listenBriefly(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return taken;
}
