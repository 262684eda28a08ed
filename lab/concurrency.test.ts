import { describe, expect, test } from 'vitest';
import { requestFor, type HostState, type Volume } from '../test/conformance/host-under-test.js';
import { eventually } from '../test/support/eventually.js';
import { useRealHost } from './use-real-host.js';

const TIMEOUT_MS = 1_800_000;
const VOLUMES_PER_TARGET = 8;
/** Two addresses a target, of its own: one that is dead is nobody else's. */
const PORTALS = [1, 2, 3, 4].map((target) =>
  [1, 2].map((portal) => `127.0.2.${String(10 * target + portal)}:3260`),
);
/** On an emulated CPU 32 attaches take a minute, on a busy machine several. */
const POLICY = { deadlineMs: 900_000, pathGraceMs: 300, hostWaitMs: 300_000, mapWaitMs: 300_000 };

/** Paths that were not there in time for the answer join in the background. */
const JOINED = { withinMs: 300_000 };

interface Placed {
  readonly volume: Volume;
  readonly portals: readonly string[];
  readonly ofDeadPortal: boolean;
}

describe('a real Linux host with 32 volumes that come and go at once', () => {
  const host = useRealHost();

  /** Four targets of eight volumes each; the last target has the portal that may die. */
  async function place(): Promise<Placed[]> {
    const placed: Placed[] = [];
    for (const portals of PORTALS) {
      const { iqn } = await host().addTarget({ portals });
      for (let index = 0; index < VOLUMES_PER_TARGET; index += 1) {
        const volume = await host().freshVolume({ iqn });
        placed.push({ volume, portals, ofDeadPortal: portals === PORTALS.at(-1) });
      }
    }
    return placed;
  }

  /** Asks for all at once. @returns how long each took, in the order of the volumes */
  async function attachAll(placed: readonly Placed[]): Promise<number[]> {
    const started = performance.now();
    return Promise.all(
      placed.map(async ({ volume, portals }) => {
        await host().attach(requestFor(host(), volume, { policy: POLICY }, portals));
        return performance.now() - started;
      }),
    );
  }

  async function detachAll(placed: readonly Placed[]): Promise<number> {
    const started = performance.now();
    await Promise.all(placed.map(({ volume }) => host().detach(volume.volumeId)));
    return performance.now() - started;
  }

  /** Every path that can be there is there once, and in the map of its volume. */
  async function expectAllThere(placed: readonly Placed[], dead: readonly string[]): Promise<void> {
    const alive = (portal: string): boolean => !dead.includes(portal);
    const paths = placed.flatMap(({ portals }) => portals.filter(alive));
    await eventually(async () => {
      const slaves = await host().guest.script('ls -d /sys/block/dm-*/slaves/*');
      expect(slaves.split('\n')).toHaveLength(paths.length);
    }, JOINED);
    const { sessions, scsiDevices, maps } = await host().hostState();
    expect(sessions.map(({ portal }) => portal).sort()).toEqual(
      PORTALS.flat().filter(alive).sort(),
    );
    for (const { volume, portals } of placed) {
      const disks = disksOf(scsiDevices, volume);
      expect(disks, volume.volumeId).toHaveLength(portals.filter(alive).length);
      const map = maps.find(({ uuid }) => uuid === `mpath-${volume.wwid}`);
      expect([...(map?.slaves ?? [])].sort(), volume.volumeId).toEqual(disks);
    }
  }

  test(
    'has each path of each once, and waits for no portal of another target',
    async () => {
      const before = await host().hostState();
      const placed = await place();
      const [dead = ''] = PORTALS.at(-1) ?? [];

      const healthy = await attachAll(placed);
      await expectAllThere(placed, []);
      const detachMs = await detachAll(placed);
      expect(await host().hostState()).toEqual(before);

      await host().dropPortal(dead);
      const dropped = await attachAll(placed);
      await expectAllThere(placed, [dead]);
      const detachDroppedMs = await detachAll(placed);
      await host().restorePortals();
      expect(await host().hostState()).toEqual(before);

      const lastOf = (times: readonly number[], isOfDead: boolean): number =>
        Math.max(...times.filter((_, at) => placed[at]?.ofDeadPortal === isOfDead));
      const line = (times: readonly number[]): string =>
        `others ${seconds(lastOf(times, false))}, its own ${seconds(lastOf(times, true))}`;
      process.stdout.write(
        [
          `lab: 32 volumes of 4 targets at once, emulated CPU, the last one's answer:`,
          `lab: all portals alive: attach ${line(healthy)}; detach ${seconds(detachMs)}`,
          `lab: one portal dead: attach ${line(dropped)}; detach ${seconds(detachDroppedMs)}\n`,
        ].join('\n'),
      );
      // Half as much again is noise; a login timeout for each of eight volumes is not.
      expect(lastOf(dropped, false)).toBeLessThan(1.5 * lastOf(healthy, false));
      expect(lastOf(dropped, true)).toBeLessThan(2 * lastOf(healthy, true));
    },
    TIMEOUT_MS,
  );
});

/** Names of the disks that are this volume, sorted. */
function disksOf(devices: HostState['scsiDevices'], { wwid }: Volume): string[] {
  return devices
    .filter((device) => device.wwid?.endsWith(wwid.slice(1)) === true)
    .map(({ disk = 'none' }) => disk)
    .sort();
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
