import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VolumeRequest } from '../../src/model/operations.js';
import { repairUpdate } from '../../src/workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { injectedServer } from '../support/injected-server.js';
import { Fleet, FLEET_PORTALS, type FleetHost } from '../support/in-process-fleet.js';

const PATTERN = new TextEncoder().encode('kept across a boot');
const WITHIN = { withinMs: 20_000 };

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
});
afterAll(async () => {
  await fleet.stop();
});

async function bootIdOf(host: FleetHost): Promise<string> {
  return (await host.simulated.files.readText('/proc/sys/kernel/random/boot_id')).trim();
}

describe('after a reboot', () => {
  test('an attached volume is brought up again under the same link, with its data', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const attached = await fleet.attach(fleet.request(host, volume));
    await host.simulated.control.writeThrough(attached.stablePath, 0, PATTERN);
    await host.simulated.files.readText('/proc/mounts').catch(() => undefined);
    await host.simulated.runner.run({ program: 'sync', args: [attached.device], timeoutMs: 5_000 });

    await host.simulated.control.reboot();
    await fleet.announce(host);

    await eventually(async () => {
      expect(await fleet.state(volume.volumeId)).toMatchObject({
        state: 'attached',
        stablePath: attached.stablePath,
        wwid: attached.wwid,
        bootId: await bootIdOf(host),
      });
    }, WITHIN);
    const read = await host.simulated.control.readThrough(attached.stablePath, 0, PATTERN.length);
    expect(read).toEqual(PATTERN);
    expect(await fleet.detach(host, volume.volumeId)).toMatchObject({ wasAttached: true });
    const { sessions, nodeRecords, maps } = await host.simulated.control.snapshot();
    expect({ sessions, nodeRecords, maps }).toEqual({ sessions: [], nodeRecords: [], maps: [] });
  });

  test('a volume that is not wanted back stays away, and attaches again when it is asked for', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const request = fleet.request(host, volume, { onBoot: 'none' });
    await fleet.attach(request);

    await host.simulated.control.reboot();
    await fleet.announce(host);
    await eventually(async () => {
      expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'degraded' });
    }, WITHIN);
    expect((await host.simulated.control.snapshot()).sessions).toEqual([]);

    expect(await fleet.attach(request)).toMatchObject({ state: 'attached' });
    await fleet.detach(host, volume.volumeId);
  });

  test('the volume comes back when its array does', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const policy = { loginTimeoutMs: 1_000, retryPathsMinMs: 200, retryPathsMaxMs: 400 };
    await fleet.attach(fleet.request(host, volume, { policy }));
    for (const portal of FLEET_PORTALS) {
      fleet.array.setPortal({ portal, condition: { kind: 'dropped' } });
    }
    try {
      await host.simulated.control.reboot();
      await fleet.announce(host);
      await eventually(async () => {
        expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'degraded' });
      }, WITHIN);
    } finally {
      for (const portal of FLEET_PORTALS) {
        fleet.array.setPortal({ portal, condition: { kind: 'up' } });
      }
    }
    await eventually(async () => {
      expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'attached' });
    }, WITHIN);
    await fleet.detach(host, volume.volumeId);
  });

  test('a detach that ends the recovery and is refused then does not leave the volume without its device', async () => {
    const host = await fleet.addHost();
    const { control } = host.simulated;
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    const policy = { retryPathsMinMs: 200, retryPathsMaxMs: 400 };
    await fleet.attach(fleet.request(host, volume, { multipath: 'required', policy }));
    const noDaemon = await control.addFault({ kind: 'multipathd-stopped' });
    await control.reboot();
    await fleet.announce(host);
    await eventually(async () => {
      const { bootId, paths } = await fleet.state(volumeId);
      expect(bootId).not.toBe(await bootIdOf(host));
      expect(paths.map(({ state }) => state)).toEqual(paths.map(() => 'present'));
    }, WITHIN);
    const [path] = (await fleet.state(volumeId)).paths;
    await control.mount(path?.device ?? '', '/mnt/data');

    await expect(fleet.detach(host, volumeId)).rejects.toMatchObject({
      cause: { type: 'DeviceInUse' },
    });

    await control.unmount('/mnt/data');
    await control.removeFault(noDaemon);
    await eventually(async () => {
      expect(await fleet.state(volumeId)).toMatchObject({
        state: 'attached',
        bootId: await bootIdOf(host),
      });
    }, WITHIN);
    await fleet.detach(host, volumeId);
  });

  test('a map comes back as a map, however late multipathd is', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const policy = { retryPathsMinMs: 200, retryPathsMaxMs: 400 };
    const attached = await fleet.attach(fleet.request(host, volume, { policy }));
    await host.simulated.control.addFault({ kind: 'multipathd-stopped' });

    await host.simulated.control.reboot();
    await fleet.announce(host);
    expect(await fleet.state(volume.volumeId)).toMatchObject({
      state: 'degraded',
      lastFailure: { type: 'MultipathUnavailable' },
    });
    await host.simulated.control.clearFaults();

    await eventually(async () => {
      expect(await fleet.state(volume.volumeId)).toMatchObject({
        state: 'attached',
        kind: 'multipath',
        stablePath: attached.stablePath,
        bootId: await bootIdOf(host),
      });
    }, WITHIN);
    await fleet.detach(host, volume.volumeId);
  });

  test('a repair that a detach ends says so', async () => {
    const host = await fleet.addHost();
    const { control } = host.simulated;
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    await fleet.attach(fleet.request(host, volume, { onBoot: 'none' }));
    await control.reboot();
    await fleet.announce(host);
    // The map that was handed out is waited for.
    const stopped = await control.addFault({ kind: 'multipathd-stopped' });
    const before = (await control.runs()).length;
    const args: [VolumeRequest] = [{ volumeId, hostId: host.hostId }];
    const repair = fleet.handle(volumeId).executeUpdate(repairUpdate, { args });
    repair.catch(() => undefined);
    await eventually(async () => {
      const since = (await control.runs()).slice(before);
      expect(since.join('\n')).toContain('multipathd add map');
    }, WITHIN);

    const detach = fleet.detach(host, volumeId);
    await expect(repair).rejects.toMatchObject({
      cause: { type: 'Cancelled', message: expect.stringContaining('ended by a detach') },
    });
    await control.removeFault(stopped);

    expect(await detach).toMatchObject({ wasAttached: true });
    expect((await control.snapshot()).maps).toEqual([]);
  });

  test('a repair that has only begun to look is ended by a detach as well', async () => {
    const host = await fleet.addHost();
    const { control } = host.simulated;
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    const [dead = ''] = FLEET_PORTALS;
    await control.addFault({ kind: 'portal', portal: dead, condition: { kind: 'wrong-target' } });
    const policy = { retryPathsMinMs: 600_000, retryPathsMaxMs: 600_000 };
    await fleet.attach(fleet.request(host, volume, { policy }));
    await host.stopWorker();
    const args: [VolumeRequest] = [{ volumeId, hostId: host.hostId }];
    const options = { args, waitForStage: 'ACCEPTED' } as const;
    const repair = await fleet.handle(volumeId).startUpdate(repairUpdate, options);
    const before = (await control.runs()).length;

    const detach = fleet.detach(host, volumeId);
    await eventually(async () => {
      const history = JSON.stringify(await fleet.handle(volumeId).fetchHistory());
      expect(history.split('workflowExecutionUpdateAcceptedEventAttributes').length).toBe(4);
    }, WITHIN);
    await host.startWorker();

    await expect(repair.result()).rejects.toMatchObject({ cause: { type: 'Cancelled' } });
    expect(await detach).toMatchObject({ wasAttached: true });
    const since = (await control.runs()).slice(before).join('\n');
    expect(since).not.toContain('--login');
  });

  test('a detach that comes while it is brought up again ends that, and leaves nothing', async () => {
    const host = await fleet.addHost();
    const { control } = host.simulated;
    const volume = fleet.addVolume();
    await fleet.attach(fleet.request(host, volume));
    await control.reboot();
    const login = { of: 'iscsiadm', matching: '--login', side: 'before' } as const;
    const held = await control.setBoundary(login);
    const announced = fleet.announce(host);
    await held.reached;
    expect(await fleet.state(volume.volumeId)).toMatchObject({ recovering: true });

    const detach = fleet.detach(host, volume.volumeId);
    await eventually(async () => {
      const history = JSON.stringify(await fleet.handle(volume.volumeId).fetchHistory());
      expect(history.split('workflowExecutionUpdateAcceptedEventAttributes').length).toBe(3);
    }, WITHIN);
    held.release();

    expect(await detach).toMatchObject({ wasAttached: true });
    await announced;
    const { sessions, nodeRecords, scsiDevices } = await control.snapshot();
    expect({ sessions, nodeRecords, scsiDevices }).toEqual({
      sessions: [],
      nodeRecords: [],
      scsiDevices: [],
    });
  });

  test('a system that took the host’s name is told from the one before, and gets nothing', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await fleet.attach(fleet.request(host, volume));
    await host.simulated.control.reboot();
    await host.simulated.writer.replaceFile('/etc/machine-id', `${'f'.repeat(32)}\n`, 0o444);

    await fleet.announce(host);

    expect(await fleet.state(volume.volumeId)).toMatchObject({
      state: 'degraded',
      lastFailure: { type: 'HostReplaced' },
    });
    expect((await host.simulated.control.snapshot()).sessions).toEqual([]);
    await expect(fleet.detach(host, volume.volumeId)).rejects.toMatchObject({
      cause: { type: 'HostReplaced' },
    });
    const evenIfAlive = 'the old system was scrapped';
    const stated = { requestedBy: 'operator', reason: 'CHG-1', evenIfAlive };
    const { cleanup } = await fleet.abandon(host, volume.volumeId, stated);
    expect(await fleet.client.workflow.getHandle(cleanup).result()).toMatchObject({
      state: 'replaced',
    });
  });

  test('a worker that was merely restarted changes nothing', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await fleet.attach(fleet.request(host, volume));
    const before = await fleet.state(volume.volumeId);
    const runs = await host.simulated.control.runs();

    const { volumeId } = volume;
    await fleet.announce(host);

    const history = JSON.stringify(await fleet.handle(volumeId).fetchHistory());
    expect(history).not.toContain('hostBooted');
    expect(await fleet.state(volumeId)).toEqual(before);
    expect(await host.simulated.control.runs()).toEqual(runs);
    await fleet.detach(host, volumeId);
  });
});

describe('a host that is gone for good', () => {
  const statement = { requestedBy: 'operator', reason: `ticket ${randomUUID()}` };

  test('gives its volume free by a person’s word, and is cleaned when it comes back', async () => {
    const [host, next] = [await fleet.addHost(), await fleet.addHost()];
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    await fleet.attach(fleet.request(host, volume));
    await host.stopWorker();

    const abandoned = await fleet.abandon(host, volumeId, statement);

    expect(abandoned).toMatchObject({
      state: 'abandoned',
      cleanup: `leftovers/${volumeId}/${host.hostId}`,
    });
    expect(await fleet.handle(volumeId).result()).toEqual({ state: 'abandoned' });
    // The fence is open: another host may have it.
    expect(await fleet.attach(fleet.request(next, volume))).toMatchObject({ state: 'attached' });
    await host.startWorker();
    const cleanup = fleet.client.workflow.getHandle(abandoned.cleanup);
    expect(await cleanup.result()).toMatchObject({ state: 'cleaned' });
    const { sessions, maps, scsiDevices } = await host.simulated.control.snapshot();
    expect({ sessions, maps, scsiDevices }).toEqual({ sessions: [], maps: [], scsiDevices: [] });
    await fleet.detach(next, volumeId);
  });

  test('that has not come back yet does not get the same volume again', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await fleet.attach(fleet.request(host, volume));
    await host.stopWorker();
    const { cleanup } = await fleet.abandon(host, volume.volumeId, statement);

    await expect(fleet.attach(fleet.request(host, volume))).rejects.toMatchObject({
      cause: { type: expect.stringMatching(/Busy|HostUnavailable/) },
    });
    await host.startWorker();
    await fleet.client.workflow.getHandle(cleanup).result();
    expect(await fleet.attach(fleet.request(host, volume))).toMatchObject({ state: 'attached' });
    await fleet.detach(host, volume.volumeId);
  }, 120_000);

  test('ends a detach that waits for it', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await fleet.attach(fleet.request(host, volume));
    await host.stopWorker();
    const detach = fleet.detach(host, volume.volumeId);
    detach.catch(() => undefined);
    await eventually(async () => {
      expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'detaching' });
    }, WITHIN);

    const { cleanup } = await fleet.abandon(host, volume.volumeId, statement);

    await expect(detach).rejects.toMatchObject({ cause: { type: 'Cancelled' } });
    await host.startWorker();
    await fleet.client.workflow.getHandle(cleanup).result();
  });
});
