import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/contract/search-attributes.js';
import { findExistingServer, startDevServer } from '../../src/demo/dev-server.js';
import { freePort } from '../../src/demo/free-port.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-server-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function connect(address: string): Promise<Connection> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return connection;
}

test('a started server has its namespace, search attributes and web UI, and is gone after stop', async () => {
  const server = await startDevServer({ namespace: 'harbour' });
  onTestFinished(() => server.stop());
  const connection = await connect(server.address);

  const described = await connection.workflowService.describeNamespace({ namespace: 'harbour' });
  expect(described.namespaceInfo?.name).toBe('harbour');
  const { customAttributes } = await connection.operatorService.listSearchAttributes({
    namespace: 'harbour',
  });
  expect(Object.keys(customAttributes)).toEqual(
    expect.arrayContaining(SEARCH_ATTRIBUTES.map(({ name }) => name)),
  );
  expect((await fetch(server.uiUrl ?? '')).status).toBe(200);

  await server.stop();
  expect(() => process.kill(server.pid, 0)).toThrow(/ESRCH/);
});

test('a database file outlives its server', async () => {
  const options = {
    headless: true,
    databaseFile: join(directory, 'temporal.db'),
    logFile: join(directory, 'kept.log'),
    port: await freePort(),
  };
  const first = await startDevServer(options);
  onTestFinished(() => first.stop());
  const before = new Client({ connection: await connect(first.address) });
  await before.workflow.start('attachment', { workflowId: 'kept', taskQueue: 'nobody' });
  await first.stop();

  const second = await startDevServer(options);
  onTestFinished(() => second.stop());
  expect(second.address).toBe(first.address);
  const after = new Client({ connection: await connect(second.address) });
  expect((await after.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
});

test('a port that is taken is refused by number, also when a Temporal server has it', async () => {
  const port = Number(inject('temporalAddress').split(':')[1]);
  await expect(startDevServer({ headless: true, port })).rejects.toThrow(`Port ${port}`);
});

test.each(['failed.log', undefined])(
  'a failed start says the last words, log file %s',
  async (log) => {
    const start = startDevServer({
      headless: true,
      databaseFile: join(directory, 'no/such/directory/temporal.db'),
      ...(log === undefined ? {} : { logFile: join(directory, log) }),
    });
    await expect(start).rejects.toThrow(/did not start.*no such file or directory/s);
  },
);

test.each([
  [{}, undefined],
  [{ TEMPORAL_ADDRESS: '' }, undefined],
  [{ TEMPORAL_ADDRESS: 'db:7233' }, { address: 'db:7233', namespace: 'default' }],
  [
    { TEMPORAL_ADDRESS: 'db:7233', TEMPORAL_NAMESPACE: 'fleet' },
    { address: 'db:7233', namespace: 'fleet' },
  ],
])('the environment %j names the server %j', (environment, server) => {
  expect(findExistingServer(environment)).toEqual(server);
});
