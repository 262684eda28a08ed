import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { MooringClient } from '../../src/client/mooring-client.js';
import { Fleet } from '../support/in-process-fleet.js';
import { injectedServer } from '../support/injected-server.js';

let fleet: Fleet;
let connection: NativeConnection;
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
  connection = await NativeConnection.connect({ address: inject('temporalAddress') });
});
afterAll(async () => {
  await connection.close();
  await fleet.stop();
});

test('the client works over the connection of a worker as well', async () => {
  const mooring = new MooringClient(new Client({ connection }));
  const host = await fleet.addHost();
  const volume = fleet.addVolume();
  const name = { volumeId: volume.volumeId, hostId: host.hostId };

  expect(await mooring.attach(fleet.request(host, volume))).toMatchObject({ state: 'attached' });
  expect(await mooring.attach(fleet.request(host, volume))).toMatchObject({ state: 'attached' });
  await host.stopWorker();
  const late = mooring.detach({ ...name, requestId: 'one' }, { timeoutMs: 1_000 });
  await expect(late).rejects.toMatchObject({ type: 'StillRunning' });
  const leave = new AbortController();
  const left = mooring.detach({ ...name, requestId: 'one' }, { signal: leave.signal });
  setTimeout(() => {
    leave.abort();
  }, 300);
  await expect(left).rejects.toMatchObject({ type: 'StillRunning' });
  await host.startWorker();
  expect(await mooring.detach({ ...name, requestId: 'one' })).toMatchObject({ wasAttached: true });
  expect(await mooring.detach(name)).toMatchObject({ wasAttached: false });
  await expect(mooring.state('vol-unknown')).rejects.toMatchObject({ type: 'NotFound' });
});
