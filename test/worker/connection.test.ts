import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inject, describe, expect, it } from 'vitest';
import { connectToServer } from '../../src/worker/connection.js';

describe('connecting to the server', () => {
  it('says in one line where it was looked for and what to set', async () => {
    const address = await deserted();
    await expect(connect(address)).rejects.toMatchObject({
      name: 'WorkerRefused',
      reason: 'unreachable',
      message: `No Temporal server at ${address}: Connection refused; set TEMPORAL_ADDRESS or --address`,
    });
  });

  it('names a host name that does not exist', async () => {
    await expect(connect('no-such-host.invalid:7233')).rejects.toMatchObject({
      message: expect.stringContaining('lookup'),
    });
  });

  it('says when the server speaks no TLS', async () => {
    await expect(connect(inject('temporalAddress'), { tls: true })).rejects.toMatchObject({
      message: expect.stringContaining('it does not speak TLS'),
    });
  });
});

function connect(address: string, options = {}): Promise<unknown> {
  return connectToServer({ address, namespace: 'default', options });
}

/** An address that somebody had a moment ago. */
async function deserted(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}
