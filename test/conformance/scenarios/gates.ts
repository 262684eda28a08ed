import { expect } from 'vitest';
import type { AttachRequestInput } from '../../../src/model/attach-request.js';
import { eventually } from '../../support/eventually.js';
import {
  requestFor,
  settledPart,
  type DeviceUse,
  type HostUnderTest,
  type Volume,
} from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { Administrator } from './administrator.js';
import { asFound, rejection } from './experiment.js';

const PATTERN = 'here before the refusal';
const OFF = { multipath: 'off' } as const;
/** A map that is held is asked for again so long: it could be udev that looks at it. */
const SHORT = { policy: { flushTimeoutMs: 5_000 } } as const;
/** A removal that failed is tried again after pauses that grow to a minute. */
const SOON = { withinMs: 120_000 };
/** A program that was killed lets go of its device a moment later. */
const LET_GO = { withinMs: 30_000 };

/** What stands in the way of a detach. */
interface Obstacle {
  readonly type: 'DeviceInUse' | 'WrongVolume' | 'FlushFailed';
  /** What the refusal must say. */
  readonly evidence: RegExp;
  readonly raise: (host: HostUnderTest, device: string, volume: Volume) => Promise<void>;
  readonly lower: (host: HostUnderTest, device: string, volume: Volume) => Promise<void>;
}

/**
 * A detach is refused, and nothing was touched: the host is as it was, and so is the data, under the
 * refusal and after a detach and an attach without the obstacle.
 */
async function refused(
  host: HostUnderTest,
  { type, evidence, raise, lower }: Obstacle,
  more: Partial<AttachRequestInput> = {},
): Promise<void> {
  await asFound(host, async (before) => {
    const volume = await host.freshVolume();
    const portals = host.portals.slice(0, more.multipath === 'off' ? 1 : 2);
    const { device } = await host.attach(requestFor(host, volume, more, portals));
    await host.write(device, PATTERN);
    await raise(host, device, volume);
    const standing = settledPart(await host.hostState());

    const error = await rejection(host.detach(volume.volumeId));

    expect(error).toMatchObject({ type, message: expect.stringMatching(evidence) });
    expect(settledPart(await host.hostState())).toEqual(standing);
    expect(await host.state(volume.volumeId)).toMatchObject({ state: 'attached' });
    await lower(host, device, volume);
    expect(await host.read(device, PATTERN.length)).toBe(PATTERN);
    await eventually(() => host.detach(volume.volumeId), LET_GO);
    await eventually(async () => expect(await host.hostState()).toEqual(before), LET_GO);
    const again = await host.attach(requestFor(host, volume, more, portals));
    expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
    await host.detach(volume.volumeId);
  });
}

function usedBy(how: DeviceUse, evidence: RegExp): Obstacle {
  return {
    type: 'DeviceInUse',
    evidence,
    raise: (host, device) => host.use(device, how),
    lower: (host) => host.endUse(),
  };
}

function under(holder: { readonly name: string; readonly uuid: string }): Obstacle {
  return {
    type: 'DeviceInUse',
    evidence: new RegExp(holder.name),
    raise: (host, device) => host.addHolder(device, holder),
    lower: (host) => host.removeHolder(holder.name),
  };
}

/** The volume's map by its uuid, and over another volume by its table. */
function mapOverForeignDisk(): Obstacle {
  const name = 'not-what-it-says';
  let foreignId = '';
  return {
    type: 'WrongVolume',
    evidence: /does not state WWID/,
    raise: async (host, _, { wwid }) => {
      const foreign = await host.freshVolume();
      foreignId = foreign.volumeId;
      const portals = host.portals.slice(0, 1);
      const { device } = await host.attach(requestFor(host, foreign, OFF, portals));
      await host.addHolder(device, { name, uuid: `mpath-${wwid}` });
    },
    lower: async (host) => {
      await host.removeHolder(name);
      await host.detach(foreignId);
    },
  };
}

const LV = { name: 'vg0-data', uuid: 'LVM-vg0data' };
const CRYPT = { name: 'scenario-secret', uuid: 'CRYPT-LUKS2-0123456789abcdef-scenario-secret' };

/** Gate by gate, as peers.md numbers them; the first is in `reboot.ts`. */
export const gateScenarios: readonly Scenario[] = [
  {
    id: 'G-02',
    claim: 'a session to a target whose name goes on, at the same portal, is none of ours',
    async run(host) {
      await asFound(host, async () => {
        const { iqn, portals } = await host.addTarget();
        expect(iqn.startsWith(host.iqn)).toBe(true);
        const [portal = ''] = portals;
        const other = await host.freshVolume({ iqn });
        const volume = await host.freshVolume({ lun: other.lun });
        const { device } = await host.attach(requestFor(host, other, OFF, [portal]));
        await host.write(device, PATTERN);
        const withOther = settledPart(await host.hostState());
        await host.attach(requestFor(host, volume, OFF, [portal]));

        await host.detach(volume.volumeId);

        expect(settledPart(await host.hostState())).toEqual(withOther);
        expect(await host.read(device, PATTERN.length)).toBe(PATTERN);
        await host.detach(other.volumeId);
      });
    },
  },
  {
    id: 'G-03',
    claim: 'a disk that says it is another volume now is neither written to nor removed',
    async run(host) {
      await asFound(host, async () => {
        const { iqn, portals } = await host.addTarget();
        const volume = await host.freshVolume({ iqn });
        const other = await host.freshVolume({ iqn, mapped: false });
        const request = requestFor(host, volume, OFF, portals.slice(0, 1));
        const { device } = await host.attach(request);
        await host.write(device, PATTERN);
        await host.reuseLun(volume, other);
        await host.rescan(device);

        const error = await rejection(host.detach(volume.volumeId));

        expect(error).toMatchObject({
          type: 'WrongVolume',
          message: expect.stringContaining(other.wwid),
        });
        const { sessions, scsiDevices } = await host.hostState();
        expect({ sessions: sessions.length, disks: scsiDevices.length }).toEqual({
          sessions: 1,
          disks: 1,
        });
        await host.reuseLun(volume, volume);
        await host.rescan(device);
        await host.detach(volume.volumeId);
        const again = await host.attach(request);
        expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
        await host.detach(volume.volumeId);
      });
    },
  },
  {
    id: 'G-04',
    claim: "a map of the volume's name over somebody else's disk stops the detach",
    run: (host) => refused(host, mapOverForeignDisk(), OFF),
  },
  ...(
    [
      ['a mounted map', 'mount', SHORT, /mount \/mnt\/scenario/],
      ['a map under swap', 'swap', SHORT, /swap/],
      ['a map that a container has mounted', 'mount elsewhere', SHORT, /held by/],
      ['a map that a program has open', 'program', SHORT, /held by/],
      ['a mounted disk', 'mount', OFF, /mount \/mnt\/scenario/],
      ['a disk under swap', 'swap', OFF, /swap/],
      ['a disk that a container has mounted', 'mount elsewhere', OFF, /namespace of pid/],
      ['a disk that a program has open', 'program', OFF, /process/],
    ] as const
  ).map(([what, how, more, evidence]): Scenario => ({
    id: 'G-05',
    ...(more === OFF ? { limits: ['L29'] as const } : {}),
    claim: `${what} stays attached, with its data`,
    run: (host) => refused(host, usedBy(how, evidence), more),
  })),
  {
    id: 'G-05',
    limits: ['L29'],
    claim: 'a disk with a logical volume on it stays attached, with its data',
    run: (host) => refused(host, under(LV), OFF),
  },
  {
    id: 'B-58',
    claim: 'a map with an encrypted volume on it is handed out raw, and stays until that is closed',
    run: (host) => refused(host, under(CRYPT)),
  },
  {
    id: 'B-58',
    claim:
      'a disk with an encrypted volume on it is handed out raw, and stays until that is closed',
    run: (host) => refused(host, under(CRYPT), OFF),
  },
  {
    id: 'G-06',
    claim: 'what cannot be written back stays attached',
    run: (host) =>
      refused(host, {
        type: 'FlushFailed',
        evidence: /I\/O error/,
        raise: () =>
          host.misbehave({ program: 'sync', how: 'fails', exitCode: 1, stderr: 'I/O error\n' }),
        lower: () => host.mend(),
      }),
  },
  {
    id: 'G-07',
    claim: 'a record stays as long as its session does, whatever the tool says of the logout',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const [portal = ''] = host.portals;
        await host.attach(requestFor(host, volume, OFF, [portal]));
        const { sessions, nodeRecords } = await host.hostState();
        await host.misbehave({ program: 'iscsiadm', how: 'fails', matching: '--logout' });

        const detach = host.detach(volume.volumeId);
        detach.catch(() => undefined);

        await eventually(async () => {
          expect((await host.hostState()).scsiDevices).toEqual([]);
        }, SOON);
        expect(await host.hostState()).toMatchObject({ sessions, nodeRecords });
        await host.mend();
        expect(await detach).toMatchObject({ state: 'detached' });
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'G-08',
    claim: 'a disk that another scan brings back while its volume is leaving is taken away as well',
    async run(host) {
      await asFound(host, async () => {
        const { iqn, portals } = await host.addTarget();
        const [portal = ''] = portals;
        const volume = await host.freshVolume({ iqn });
        const request = requestFor(host, volume, OFF, [portal]);
        const { device } = await host.attach(request);
        await host.write(device, PATTERN);
        // Holds the detach between the deletion of the disk and the last look.
        await host.misbehave({
          program: 'iscsiadm',
          how: 'fails',
          matching: '--logout',
          exitCode: 10,
        });
        const detach = host.detach(volume.volumeId);
        detach.catch(() => undefined);
        await eventually(async () => {
          expect((await host.hostState()).scsiDevices).toEqual([]);
        }, SOON);

        await host.run('iscsiadm', ['-m', 'session', '--rescan']);
        expect((await host.hostState()).scsiDevices).toHaveLength(1);
        await host.mend();

        expect(await detach).toMatchObject({ state: 'detached' });
        expect((await host.hostState()).scsiDevices).toEqual([]);
        const again = await host.attach(request);
        expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
        await host.detach(volume.volumeId);
      });
    },
  },
  {
    id: 'G-09',
    claim: 'a volume that another target states to be as well is not handed out, nor is it touched',
    async run(host) {
      await asFound(host, async () => {
        const { iqn, portals } = await host.addTarget();
        const [portal = ''] = portals;
        const volume = await host.freshVolume();
        const request = requestFor(host, volume, OFF, [portal]);
        const { device } = await host.attach(request);
        await host.write(device, PATTERN);
        await host.detach(volume.volumeId);
        const twin = { ...volume, iqn };
        await host.mapVolume(twin);
        const administrator = new Administrator(host);
        await administrator.logIn({ iqn, portal });
        const { sessions, scsiDevices } = await host.hostState();
        expect(scsiDevices).toHaveLength(1);

        const error = await rejection(host.attach(request));

        expect(error).toMatchObject({
          type: 'WrongVolume',
          message: expect.stringContaining(iqn),
        });
        expect(await host.hostState()).toMatchObject({ sessions, scsiDevices });
        await administrator.logOut({ iqn, portal });
        await host.unmapVolume(twin);
        const again = await host.attach(request);
        expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
        await host.detach(volume.volumeId);
      });
    },
  },
  {
    id: 'G-10',
    claim: 'a blank volume is blank after an attach and a detach: nothing is ever put on one',
    async run(host) {
      const before = await host.hostState();
      const blank = '\0'.repeat(512);
      const volume = await host.freshVolume();
      const portals = host.portals.slice(0, 2);

      for (const more of [{}, OFF]) {
        const { device } = await host.attach(requestFor(host, volume, more, portals));
        expect(await host.read(device, blank.length)).toBe(blank);
        await host.detach(volume.volumeId);
      }

      expect(await host.hostState()).toEqual(before);
    },
  },
];
