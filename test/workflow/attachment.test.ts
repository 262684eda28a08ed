import { isDeepStrictEqual } from 'node:util';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DURATIONS } from '../../src/simulator/durations.js';
import type { HostSnapshot } from '../../src/simulator/observation.js';
import { detachUpdate } from '../../src/workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { injectedServer } from '../support/injected-server.js';
import {
  Fleet,
  FLEET_IQN,
  FLEET_PORTALS,
  VOLUME_BYTES,
  type FleetHost,
} from '../support/in-process-fleet.js';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
});
afterAll(async () => {
  await fleet.stop();
});

/** Of the host's own time, which a busy machine slows down: several times what udev needs. */
const SETTLED_MS = 5 * DURATIONS.udev;

/** What a host has when nothing changes any more: udev moves links while it gets to the disks. */
async function settledSnapshot({ simulated }: FleetHost): Promise<HostSnapshot> {
  const { control } = simulated;
  let latest = { snapshot: await control.snapshot(), since: await control.now() };
  return eventually(
    async () => {
      const now = await control.now();
      const snapshot = await control.snapshot();
      if (!isDeepStrictEqual(snapshot, latest.snapshot)) latest = { snapshot, since: now };
      expect(now - latest.since).toBeGreaterThanOrEqual(SETTLED_MS);
      return snapshot;
    },
    { withinMs: 30_000, everyMs: 50 },
  );
}

/** Which of its equal paths udev looked at last has their common links; a rescan makes it look again. */
function withoutLast(snapshot: HostSnapshot): HostSnapshot {
  const links = snapshot.links.map(({ name, device }) => ({
    name,
    device: device.startsWith('sd') ? 'a path' : device,
  }));
  return { ...snapshot, links };
}

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

  test('goes on without a dead portal, says so, and takes it in when it comes back', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();
    const [, , , dead = ''] = FLEET_PORTALS;
    fleet.array.setPortal({ portal: dead, condition: { kind: 'dropped' } });
    const policy = { loginTimeoutMs: 2_000, retryPathsMinMs: 200, retryPathsMaxMs: 200 };
    try {
      const result = await fleet.attach(fleet.request(host, volume, { policy }));

      expect(result).toMatchObject({ state: 'degraded', kind: 'multipath' });
      expect(result.paths[3]).toMatchObject({ state: 'missing', portal: dead });
      await eventually(async () => {
        expect((await fleet.state(volume.volumeId)).paths[3]?.failure).toMatchObject({
          type: 'PortalUnreachable',
        });
      });
    } finally {
      fleet.array.setPortal({ portal: dead, condition: { kind: 'up' } });
    }
    await eventually(async () => {
      expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'attached' });
    });
    await fleet.detach(host, volume.volumeId);
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });

  test('of an absent LUN fails, is undone, and ends the run with the same cause', async () => {
    const host = await fleet.addHost();
    const volume = { ...fleet.addVolume(), lun: 999 };
    const before = await host.simulated.control.snapshot();

    const policy = { deviceWaitMs: 600 };
    const failure = await failureOf(fleet.attach(fleet.request(host, volume, { policy })));

    expect(failure.type).toBe('LunNotFound');
    expect(failure.details?.[0]).toMatchObject({ undoFinished: true });
    expect(await host.simulated.control.snapshot()).toEqual(before);
    await expect(fleet.handle(volume.volumeId).result()).rejects.toMatchObject({
      cause: { type: 'LunNotFound' },
    });
  });

  test('of a volume that is not the expected one is refused and undone', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();

    const expectation = { wwid: '36001405dead0dead0dead0dead0dead0' };
    const failure = await failureOf(
      fleet.attach(fleet.request(host, volume, { expect: expectation })),
    );

    expect(failure.type).toBe('WrongVolume');
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });

  test('whose paths lead to different volumes is refused and undone', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const other = fleet.addVolume();
    const before = await host.simulated.control.snapshot();

    const paths = FLEET_PORTALS.map((portal, index) => ({
      portal,
      iqn: FLEET_IQN,
      lun: index === 2 ? other.lun : volume.lun,
    }));
    const failure = await failureOf(
      fleet.attach(fleet.request(host, volume, { connection: { paths } })),
    );

    expect(failure.type).toBe('WrongVolume');
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });

  test('to a host nobody works for fails within its bound and leaves nothing to clean up', async () => {
    const host = fleet.addHostWithoutWorker();
    const volume = fleet.addVolume();

    const policy = { hostWaitMs: 500 };
    const failure = await failureOf(fleet.attach(fleet.request(host, volume, { policy })));

    expect(failure.type).toBe('HostUnavailable');
    expect(failure.message).toContain('Nothing had been touched');
    await expect(fleet.handle(volume.volumeId).result()).rejects.toMatchObject({
      cause: { type: 'HostUnavailable' },
    });
  });

  test('repeated gives the same answer; with another connection it is refused', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const request = fleet.request(host, volume);

    const first = await fleet.attach(request);
    expect(await fleet.attach(request)).toEqual(first);
    expect(await fleet.attach(request, 'one-id')).toEqual(await fleet.attach(request, 'one-id'));

    const paths = request.connection.paths?.slice(0, 2) ?? [];
    const failure = await failureOf(fleet.attach({ ...request, connection: { paths } }));
    expect(failure.type).toBe('ConnectionConflict');
    expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'attached' });
    await fleet.detach(host, volume.volumeId);
  });

  test('that is refused or repeated does not disturb paths that are still on their way', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const [, , , slow = ''] = FLEET_PORTALS;
    const slowness = { kind: 'slow', latencyMs: 15_000 } as const;
    fleet.array.setPortal({ portal: slow, condition: slowness });
    const policy = { loginTimeoutMs: 30_000 };
    const request = fleet.request(host, volume, { policy });
    try {
      expect(await fleet.attach(request)).toMatchObject({ state: 'degraded' });

      const other = fleet.request(await fleet.addHost(), volume);
      expect(await failureOf(fleet.attach(other))).toMatchObject({ type: 'AttachedElsewhere' });
      expect(await fleet.attach(request)).toMatchObject({ state: 'degraded' });

      await eventually(
        async () => {
          expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'attached' });
        },
        { withinMs: 10_000 },
      );
      const history = JSON.stringify(await fleet.handle(volume.volumeId).fetchHistory());
      expect(history).not.toContain('ACTIVITY_TASK_CANCEL_REQUESTED');
    } finally {
      fleet.array.setPortal({ portal: slow, condition: { kind: 'up' } });
    }
    await fleet.detach(host, volume.volumeId);
  });

  test('in the other access mode on the same host is refused and harms nothing', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const shared = fleet.request(host, volume, { access: 'shared' });
    const { device } = await fleet.attach(shared);
    const before = await settledSnapshot(host);

    const refusal = await failureOf(fleet.attach(fleet.request(host, volume)));

    expect(refusal).toMatchObject({ type: 'AttachedElsewhere' });
    const after = await host.simulated.control.snapshot();
    expect(withoutLast(after)).toEqual(withoutLast(before));
    expect(
      (await host.simulated.files.list(`/sys/class/block/${device.slice(5)}/slaves`)).length,
    ).toBe(4);
    const handle = fleet.client.workflow.getHandle(`attachment/${volume.volumeId}/${host.hostId}`);
    await handle.executeUpdate(detachUpdate, {
      args: [{ volumeId: volume.volumeId, hostId: host.hostId, mode: 'normal' }],
    });
  });

  test('to a second host is refused while the volume is on the first', async () => {
    const [first, second] = [await fleet.addHost(), await fleet.addHost()];
    const volume = fleet.addVolume();
    await fleet.attach(fleet.request(first, volume));
    const before = await second.simulated.control.snapshot();

    const failure = await failureOf(fleet.attach(fleet.request(second, volume)));

    expect(failure).toMatchObject({ type: 'AttachedElsewhere' });
    expect(failure.details?.[0]).toMatchObject({ hostId: first.hostId });
    expect(await second.simulated.control.snapshot()).toEqual(before);
    await fleet.detach(first, volume.volumeId);
    await fleet.attach(fleet.request(second, volume));
    await fleet.detach(second, volume.volumeId);
  });

  test('for shared access is refused while the volume is attached exclusively', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await fleet.attach(fleet.request(host, volume));

    const shared = fleet.request(await fleet.addHost(), volume, { access: 'shared' });
    expect(await failureOf(fleet.attach(shared))).toMatchObject({ type: 'AttachedElsewhere' });

    await fleet.detach(host, volume.volumeId);
  });

  test('with multipath off takes the first good path and undoes the unfruitful ones', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();
    const [dead = ''] = FLEET_PORTALS;
    fleet.array.setPortal({ portal: dead, condition: { kind: 'resetting' } });
    try {
      const policy = { loginTimeoutMs: 1_000 };
      const result = await fleet.attach(fleet.request(host, volume, { multipath: 'off', policy }));

      expect(result).toMatchObject({ state: 'attached', kind: 'single' });
      const { sessions } = await host.simulated.control.snapshot();
      expect(sessions).toHaveLength(1);
    } finally {
      fleet.array.setPortal({ portal: dead, condition: { kind: 'up' } });
    }
    await fleet.detach(host, volume.volumeId);
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });

  test('that is malformed leaves no trace in the history', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const request = fleet.request(host, volume);
    await fleet.attach(request);

    const { historyLength } = await fleet.handle(volume.volumeId).describe();
    const paths = [{ portal: '10.0.0.1', iqn: FLEET_IQN, lun: volume.lun }];
    const failure = await failureOf(fleet.attach({ ...request, connection: { paths } }));

    expect(failure.type).toBe('InvalidRequest');
    const after = await fleet.handle(volume.volumeId).describe();
    expect(after.historyLength).toBe(historyLength);
    await fleet.detach(host, volume.volumeId);
  });
});

describe('an attach that has answered', () => {
  test('undoes a path that comes late with another volume', async () => {
    const host = await fleet.addHost();
    const [volume, other] = [fleet.addVolume(), fleet.addVolume()];
    const before = await host.simulated.control.snapshot();
    const [portal = '', ...good] = FLEET_PORTALS;
    const unit = { iqn: FLEET_IQN, lun: volume.lun };
    fleet.array.mapLun({ ...unit, volume: volume.name, portals: good });
    fleet.array.mapLun({ ...unit, volume: other.name, portals: [portal] });
    await host.simulated.control.addFault({ kind: 'lun-late', ...unit, portal, afterMs: 15_000 });
    const policy = { pathGraceMs: 1, deviceWaitMs: 20_000 };

    const answer = await fleet.attach(fleet.request(host, volume, { policy }));

    expect(answer).toMatchObject({ state: 'degraded', wwid: volume.wwid });
    await eventually(
      async () => {
        const { paths } = await fleet.state(volume.volumeId);
        expect(paths).toMatchObject([
          { state: 'missing', failure: { type: 'WrongVolume' } },
          ...good.map(() => ({ state: 'present' })),
        ]);
      },
      { withinMs: 30_000 },
    );
    const wwids = async (): Promise<unknown[]> =>
      (await host.simulated.control.snapshot()).scsiDevices.map(({ wwid }) => wwid);
    await eventually(async () => {
      expect(new Set(await wwids())).toEqual(new Set([`naa.${volume.wwid.slice(1)}`]));
    });
    await fleet.detach(host, volume.volumeId);
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });
});

describe('a detach', () => {
  test('that arrives during an attach ends it, and everything is undone', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();
    for (const portal of FLEET_PORTALS)
      fleet.array.setPortal({ portal: portal, condition: { kind: 'dropped' } });
    try {
      const policy = { loginTimeoutMs: 20_000 };
      const attach = failureOf(fleet.attach(fleet.request(host, volume, { policy })));
      await eventually(async () => {
        expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'attaching' });
      });

      const detached = await fleet.detach(host, volume.volumeId);

      expect(detached).toMatchObject({ state: 'detached', wasAttached: false });
      expect(await attach).toMatchObject({ type: 'Cancelled' });
    } finally {
      for (const portal of FLEET_PORTALS)
        fleet.array.setPortal({ portal: portal, condition: { kind: 'up' } });
    }
    expect(await host.simulated.control.snapshot()).toEqual(before);
    expect(await fleet.handle(volume.volumeId).result()).toEqual({ state: 'detached' });
  });

  test('keeps the sessions another volume uses', async () => {
    const host = await fleet.addHost();
    const [kept, leaving] = [fleet.addVolume(), fleet.addVolume()];
    const before = await host.simulated.control.snapshot();
    await fleet.attach(fleet.request(host, kept));
    const withKept = await host.simulated.control.snapshot();
    await fleet.attach(fleet.request(host, leaving));

    const result = await fleet.detach(host, leaving.volumeId);

    expect(result.kept).toHaveLength(4);
    expect(await host.simulated.control.snapshot()).toEqual(withKept);
    await fleet.detach(host, kept.volumeId);
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });

  test('of a mounted volume is refused, and the volume stays as it is', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { device } = await fleet.attach(fleet.request(host, volume));
    const attached = await host.simulated.control.snapshot();
    await host.simulated.control.mount(device, '/mnt/data');

    const failure = await failureOf(fleet.detach(host, volume.volumeId));

    expect(failure.type).toBe('DeviceInUse');
    expect(failure.message).toContain('/mnt/data');
    expect(await host.simulated.control.snapshot()).toEqual(attached);
    expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'attached' });
    await host.simulated.control.unmount('/mnt/data');
    await fleet.detach(host, volume.volumeId);
  });

  test('that has begun waits until what it cannot read can be read', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();
    await fleet.attach(fleet.request(host, volume));
    const path = '/etc/iscsi/nodes';
    await host.simulated.control.addFault({ kind: 'unreadable', path });

    const detach = fleet.detach(host, volume.volumeId);

    await eventually(async () => {
      const { raw } = await fleet.handle(volume.volumeId).describe();
      const said = raw.pendingActivities?.map(({ lastFailure }) => lastFailure?.message ?? '');
      expect(said?.join()).toContain(path);
    });
    await host.simulated.control.clearFaults();
    expect(await detach).toMatchObject({ state: 'detached', wasAttached: true });
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });

  test('waits for a host that is away, says so, and goes on when it is back', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();
    await fleet.attach(fleet.request(host, volume));
    await host.stopWorker();

    const detach = fleet.detach(host, volume.volumeId);
    await eventually(
      async () => {
        expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'waiting-for-host' });
      },
      { withinMs: 20_000 },
    );
    await host.startWorker();

    expect(await detach).toMatchObject({ wasAttached: true });
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });

  test('after a reboot finds everything gone and finishes', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();
    await fleet.attach(fleet.request(host, volume));
    await host.simulated.control.reboot();

    expect(await fleet.detach(host, volume.volumeId)).toMatchObject({ wasAttached: true });

    expect(await host.simulated.control.snapshot()).toEqual(before);
  });

  test('is what a cancelled workflow does', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();
    await fleet.attach(fleet.request(host, volume));

    await fleet.handle(volume.volumeId).cancel();

    expect(await fleet.handle(volume.volumeId).result()).toEqual({ state: 'detached' });
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });

  test('of a cancelled workflow answers whoever asks meanwhile', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    await fleet.attach(fleet.request(host, volume));
    const logout = { of: 'iscsiadm', matching: '--logout', side: 'before' } as const;
    const held = await host.simulated.control.setBoundary(logout);
    await fleet.handle(volumeId).cancel();
    await held.reached;

    const asked = await fleet.handle(volumeId).startUpdate(detachUpdate, {
      args: [{ volumeId, hostId: host.hostId, mode: 'normal' }],
      waitForStage: 'ACCEPTED',
    });
    held.release();

    expect(await asked.result()).toMatchObject({ state: 'detached', wasAttached: false });
  });

  test('writes back what is dirty before anything is removed', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { device } = await fleet.attach(fleet.request(host, volume));
    const bytes = new TextEncoder().encode('not to be lost');
    await host.simulated.control.writeThrough(device, 0, bytes);

    await fleet.detach(host, volume.volumeId);

    const extent = { volume: volume.name, offset: 0, length: bytes.length };
    expect(await host.simulated.control.array.readVolume(extent)).toEqual(bytes);
  });
});
