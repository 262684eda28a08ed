import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { MooringClient } from '../../src/client/mooring-client.js';
import { setUpNamespace } from '../../src/worker/setup.js';
import { goodRequest } from '../support/requests.js';

let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
});
afterAll(async () => {
  await connection.close();
});

function clientOf(namespace: string): MooringClient {
  return new MooringClient(new Client({ connection, namespace }));
}

test('a namespace that is not there is named, with what to do', async () => {
  await expect(clientOf('nowhere').attach(goodRequest())).rejects.toMatchObject({
    type: 'NamespaceNotReady',
    message: expect.stringContaining('nowhere'),
    advice: expect.stringContaining('mooring setup'),
  });
});

test('without any control worker an attach says so within its bound', async () => {
  const namespace = `mooring-${randomUUID()}`;
  await setUpNamespace({ connection, namespace, createNamespace: true });
  const mooring = clientOf(namespace);

  const startedAt = Date.now();
  await expect(mooring.attach(goodRequest())).rejects.toMatchObject({
    type: 'ControlWorkerUnavailable',
    advice: expect.stringContaining('mooring worker control'),
  });
  expect(Date.now() - startedAt).toBeLessThan(20_000);

  await expect(mooring.state('vol-1')).rejects.toMatchObject({ type: 'ControlWorkerUnavailable' });
  await expect(
    mooring.detach({ volumeId: 'vol-1', hostId: 'db-17' }, { timeoutMs: 1_000 }),
  ).rejects.toMatchObject({ type: 'ControlWorkerUnavailable' });
});
