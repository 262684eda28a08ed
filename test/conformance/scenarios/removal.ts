import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { requestFor, settledPart, type HostUnderTest } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { asFound, rejection } from './experiment.js';

const PATTERN = 'written before the detach';
const OFF = { multipath: 'off' } as const;
/** A dead path takes the kernel about 30 s to give up, and an emulated one longer. */
const SOON = { withinMs: 90_000 };

/** Two of the portals: enough for everything that is not about all four. */
function two(host: HostUnderTest): readonly string[] {
  return host.portals.slice(0, 2);
}

/** What is left of a volume: its map and its disks, as the kernel shows them. */
async function left(host: HostUnderTest, wwid: string): Promise<unknown> {
  const { maps, scsiDevices } = await host.hostState();
  return { maps, disks: scsiDevices.filter((device) => device.wwid?.includes(wwid.slice(1))) };
}

export const removalScenarios: readonly Scenario[] = [
  {
    id: 'B-47',
    claim: 'a detach takes the map first, then the disks, then the sessions, and no data is lost',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const { device } = await host.attach(requestFor(host, volume, {}, two(host)));
        await host.write(device, PATTERN);

        const { removed, kept } = await host.detach(volume.volumeId);

        const kinds = removed.map((what) => /^(map|sd|session|node record)/.exec(what)?.[0]);
        expect(kinds.slice(0, 3)).toEqual(['map', 'sd', 'sd']);
        expect(kinds.slice(3).sort()).toEqual([
          ...['node record', 'node record'],
          ...['session', 'session'],
        ]);
        expect(kept).toEqual([]);
        expect(await host.hostState()).toEqual(before);
        const again = await host.attach(requestFor(host, volume, {}, two(host)));
        expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
        await host.detach(volume.volumeId);
      });
    },
  },
  {
    id: 'B-48',
    claim: 'a path of the volume that is not in the map is removed as well',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const { device } = await host.attach(requestFor(host, volume, {}, two(host)));
        const [path = ''] = await host.slavesOf(device);
        await host.run('multipathd', ['del', 'path', path]);
        await eventually(async () => expect(await host.slavesOf(device)).toHaveLength(1), SOON);

        await host.detach(volume.volumeId);

        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-51',
    claim: 'a map that cannot be removed ends the detach, and nothing is taken away',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const policy = { flushTimeoutMs: 3_000 };
        const { device } = await host.attach(requestFor(host, volume, { policy }, two(host)));
        await host.write(device, PATTERN);
        const attached = settledPart(await host.hostState());
        await host.misbehave({
          program: 'multipath',
          how: 'fails',
          matching: '-f',
          exitCode: 1,
          stderr: 'map in use\n',
        });

        const error = await rejection(host.detach(volume.volumeId));

        expect(error).toHaveProperty(
          'type',
          expect.stringMatching(/^(?:DeviceInUse|FlushFailed)$/),
        );
        expect(settledPart(await host.hostState())).toEqual(attached);
        expect(await host.state(volume.volumeId)).toMatchObject({ state: 'attached' });
        await host.mend();
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-53',
    claim: 'a dead path does not keep a detach from ending',
    async run(host) {
      await asFound(host, async (before) => {
        const [, dead = ''] = two(host);
        const volume = await host.freshVolume();
        const { device } = await host.attach(requestFor(host, volume, {}, two(host)));
        await host.write(device, PATTERN);
        await host.dropPortal(dead);

        expect(await host.detach(volume.volumeId)).toMatchObject({ wasAttached: true });

        await host.restorePortals();
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-54',
    claim:
      'with all paths dead a detach ends in its time: done when nothing is dirty, else refused',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const policy = { flushTimeoutMs: 20_000 };
        await host.attach(requestFor(host, volume, { policy }, two(host)));
        for (const portal of two(host)) await host.dropPortal(portal);

        const end = await host.detach(volume.volumeId).then(
          ({ state }) => state,
          (error: unknown) => error,
        );

        if (end !== 'detached') {
          expect(end).toHaveProperty('type', 'FlushFailed');
          await host.restorePortals();
          await host.detach(volume.volumeId);
        }
        await host.restorePortals();
        await eventually(async () => expect(await host.hostState()).toEqual(before), SOON);
      });
    },
  },
  {
    id: 'B-55',
    claim: 'a volume without a map is written back before its disk goes',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const request = requestFor(host, volume, OFF, two(host));
        const { device } = await host.attach(request);
        await host.write(device, PATTERN);

        await host.detach(volume.volumeId);

        expect(await host.hostState()).toEqual(before);
        const again = await host.attach(request);
        expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
        await host.detach(volume.volumeId);
      });
    },
  },
  {
    id: 'B-56',
    claim: 'a map that somebody made over a volume attached without one goes with the volume',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.attach(requestFor(host, volume, OFF, two(host)));
        await eventually(async () => {
          await host.run('multipathd', ['add', 'map', volume.wwid]);
          expect((await host.hostState()).maps).toHaveLength(1);
        }, SOON);

        await host.detach(volume.volumeId);

        await eventually(async () => expect(await host.hostState()).toEqual(before), SOON);
      });
    },
  },
  {
    id: 'M-12',
    claim: 'a map that somebody took away from an attached volume does not stop its detach',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.attach(requestFor(host, volume, {}, two(host)));
        await eventually(async () => {
          await host.run('multipath', ['-f', volume.wwid]);
          expect((await host.hostState()).maps).toEqual([]);
        }, SOON);

        await host.detach(volume.volumeId);

        await eventually(async () => expect(await host.hostState()).toEqual(before), SOON);
      });
    },
  },
  {
    id: 'B-57',
    claim: 'a volume that got one path for want of a map leaves with all its disks',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.stopMultipathd();
        const result = await host.attach(requestFor(host, volume, {}, two(host)));
        expect(result).toMatchObject({ kind: 'single' });
        await host.write(result.device, PATTERN);
        await host.startMultipathd();

        await host.detach(volume.volumeId);

        expect(await left(host, volume.wwid)).toEqual({ maps: [], disks: [] });
        await eventually(async () => expect(await host.hostState()).toEqual(before), SOON);
      });
    },
  },
  {
    id: 'B-61',
    claim: 'an attach right after a detach gets a map that works, again and again',
    async run(host) {
      await asFound(host, async () => {
        const volume = await host.freshVolume();
        for (let round = 0; round < 3; round += 1) {
          const { device } = await host.attach(requestFor(host, volume, {}, two(host)));
          await host.write(device, `${PATTERN} ${round}`);
          expect(await host.slavesOf(device)).toHaveLength(2);
          await host.detach(volume.volumeId);
        }
      });
    },
  },
  {
    id: 'B-70',
    limits: ['L17'],
    claim: 'an attach whose worker is killed goes on or is undone, and leaves nothing doubled',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const policy = { deadlineMs: 180_000, hostWaitMs: 120_000 };
        const attach = host.attach(requestFor(host, volume, { policy }, two(host))).then(
          ({ state }) => state,
          () => 'failed',
        );
        await eventually(async () => {
          expect((await host.hostState()).sessions).not.toEqual([]);
        }, SOON);
        await host.killWorker();
        await host.startWorker();

        const end = await attach;

        if (end === 'failed') {
          await eventually(async () => expect(await host.hostState()).toEqual(before), SOON);
          return;
        }
        const { sessions, maps } = await host.hostState();
        expect({ sessions: sessions.length, maps: maps.length }).toEqual({ sessions: 2, maps: 1 });
        await host.detach(volume.volumeId);
      });
    },
  },
  {
    id: 'B-71',
    limits: ['L17'],
    claim: 'a detach whose worker is killed after the map has gone is completed',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.attach(requestFor(host, volume, {}, two(host)));
        const detach = host.detach(volume.volumeId);
        await eventually(async () => expect((await host.hostState()).maps).toEqual([]), SOON);
        await host.killWorker();
        await host.startWorker();

        expect(await detach).toMatchObject({ state: 'detached' });

        expect(await host.hostState()).toEqual(before);
      });
    },
  },
];
