import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MooringClient } from '../../src/client/mooring-client.js';
import { OperationError } from '../../src/client/operation-error.js';
import type { HistoryStep } from '../../src/client/history-step.js';
import { eventually } from '../support/eventually.js';
import { Fleet, FLEET_PORTALS } from '../support/in-process-fleet.js';
import { injectedServer } from '../support/injected-server.js';

let fleet: Fleet;
let mooring: MooringClient;
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
  mooring = new MooringClient(fleet.client);
});
afterAll(async () => {
  await fleet.stop();
});

/** What a call was refused or failed with. */
async function errorOf(call: Promise<unknown>): Promise<OperationError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OperationError);
  return error as OperationError;
}

describe('an attach', () => {
  test('with the request id of before is answered without being repeated', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const request = { ...fleet.request(host, volume), requestId: randomUUID() };

    const first = await mooring.attach(request);
    const second = await mooring.attach(request);

    expect(second).toEqual(first);
    const updates = (await mooring.history(volume.volumeId)).filter(
      ({ kind }) => kind === 'update',
    );
    expect(updates).toHaveLength(1);
    await mooring.detach({ volumeId: volume.volumeId, hostId: host.hostId });
  });

  test('after a detach is never answered from the past, also with the old request id', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const name = { volumeId: volume.volumeId, hostId: host.hostId };
    const request = { ...fleet.request(host, volume), requestId: randomUUID() };
    await mooring.attach(request);
    await mooring.detach(name);
    const empty = await host.simulated.control.snapshot();

    const operation = await mooring.startAttach(request);
    await operation.result();

    expect(operation.updateId).toMatch(new RegExp(`^${request.requestId}~[0-9a-f]{12}$`));
    expect(await host.simulated.control.snapshot()).not.toEqual(empty);
    expect(await mooring.state(volume.volumeId)).toMatchObject({ state: 'attached' });

    // The caller lost that answer: the run is open, and the entity answers after a look.
    expect(await mooring.attach(request)).toMatchObject({ state: 'attached' });
    await mooring.detach(name);
    await mooring.attach(request);
    expect(await mooring.state(volume.volumeId)).toMatchObject({ state: 'attached' });
    await mooring.detach(name);
  });
});
