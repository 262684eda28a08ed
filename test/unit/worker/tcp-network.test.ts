import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { TcpNetwork } from '../../../src/worker/tcp-network.js';

const network = new TcpNetwork();
const WAIT_MS = 5_000;
const servers: Server[] = [];

async function listen(host: string): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.destroy());
  servers.push(server);
  server.listen(0, host);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

afterEach(async () => {
  await Promise.all(
    servers.splice(0).map(
      (server) =>
        new Promise((closed) => {
          server.close(closed);
        }),
    ),
  );
});

describe('a portal that is knocked at', () => {
  test('is open when somebody listens', async () => {
    const { port } = await listen('127.0.0.1');

    expect(await network.knock(`127.0.0.1:${port}`, WAIT_MS)).toBe('open');
  });

  test('is open over IPv6, however it is written', async () => {
    const { port } = await listen('::1');

    expect(await network.knock(`[0:0:0:0:0:0:0:1]:${port}`, WAIT_MS)).toBe('open');
  });

  test('is open by a name, whichever of its addresses listens', async () => {
    const { port } = await listen('127.0.0.1');

    expect(await network.knock(`localhost:${port}`, WAIT_MS)).toBe('open');
  });

  test('refuses when nobody listens', async () => {
    const { server, port } = await listen('127.0.0.1');
    server.close();
    await once(server, 'close');

    expect(await network.knock(`127.0.0.1:${port}`, WAIT_MS)).toBe('refused');
  });

  test('cannot be reached when its name has no address', async () => {
    expect(await network.knock('no-such-array.invalid:3260', WAIT_MS)).toBe('unreachable');
  });
});
