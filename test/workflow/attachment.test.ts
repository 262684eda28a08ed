import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { Fleet, FLEET_IQN, FLEET_PORTALS, VOLUME_BYTES } from '../support/in-process-fleet.js';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start();
});
afterAll(async () => {
  await fleet.stop();
});

/** The failure an update ended with. */
async function failureOf(update: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await update.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  return (error as WorkflowUpdateFailedError).cause as ApplicationFailure;
}

describe('an attach', () => {
  test('gives a multipath device over all paths, and a detach leaves the host as before', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();

    const result = await fleet.attach(fleet.request(host, volume));

    expect(result).toMatchObject({
      state: 'attached',
      kind: 'multipath',
      wwid: volume.wwid,
      sizeBytes: VOLUME_BYTES,
      stablePath: `/dev/disk/by-id/dm-uuid-mpath-${volume.wwid}`,
    });
    expect(result.paths.map(({ state }) => state)).toEqual(Array(4).fill('present'));

    const detached = await fleet.detach(host, volume.volumeId);
    expect(detached).toMatchObject({ wasAttached: true, kept: [] });
    expect(await host.simulated.control.snapshot()).toEqual(before);
    expect(await fleet.handle(volume.volumeId).result()).toEqual({ state: 'detached' });
  });
});
