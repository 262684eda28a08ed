import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { requestFor, settledPart } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { asFound } from './experiment.js';

const OFF = { multipath: 'off' } as const;
const PATTERN = 'seen or not';
/** A removal that failed is tried again after pauses that grow to a minute. */
const SOON = { withinMs: 120_000 };

/** What a detach looks at lies, or goes while it is looked at. */
export const lostSightScenarios: readonly Scenario[] = [
  {
    id: 'B-60',
    claim: 'links that go while a detach is under way are no error',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.attach(requestFor(host, volume, {}, host.portals.slice(0, 2)));
        const { links } = await host.hostState();
        expect(links.length).toBeGreaterThan(before.links.length);

        const detach = host.detach(volume.volumeId);
        for (const { name } of links) await host.removeFile(`/dev/disk/by-id/${name}`);

        expect(await detach).toMatchObject({ state: 'detached', warnings: [] });
        await eventually(async () => expect(await host.hostState()).toEqual(before), SOON);
      });
    },
  },
  {
    id: 'B-62',
    limits: ['L6'],
    claim: 'a portal spelled in another way is the same portal: its session is not logged out',
    async run(host) {
      await asFound(host, async (before) => {
        const { ipv6Portal } = host;
        const kept = await host.freshVolume();
        const leaving = await host.freshVolume();
        const { device } = await host.attach(requestFor(host, kept, OFF, [ipv6Portal]));
        const withKept = settledPart(await host.hostState());
        await host.attach(requestFor(host, leaving, OFF, [ipv6Portal.toLowerCase()]));

        const result = await host.detach(leaving.volumeId);

        expect(result.kept).toHaveLength(1);
        expect(settledPart(await host.hostState())).toEqual(withKept);
        await host.write(device, PATTERN);
        await host.detach(kept.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-62',
    limits: ['L6'],
    claim: 'while the tool sees no session, none is taken for gone; the detach goes on later',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.attach(requestFor(host, volume, OFF, host.portals.slice(0, 1)));
        const { sessions, nodeRecords } = await host.hostState();
        await host.misbehave({
          program: 'iscsiadm',
          how: 'fails',
          matching: '-m session',
          exitCode: 255,
        });

        const detach = host.detach(volume.volumeId);
        detach.catch(() => undefined);

        await eventually(async () => {
          expect((await host.hostState()).scsiDevices).toEqual([]);
          const log = await host.workerLog();
          expect(log).toContain(volume.volumeId);
        }, SOON);
        expect(await host.hostState()).toMatchObject({ sessions, nodeRecords });
        await host.mend();
        expect(await detach).toMatchObject({ state: 'detached' });
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-63',
    limits: ['L4'],
    claim: 'a node database that was wiped does not keep device and session on the host',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const portals = host.portals.slice(0, 2);
        const { device } = await host.attach(requestFor(host, volume, {}, portals));
        await host.write(device, PATTERN);
        const { nodeRecords } = await host.hostState();
        for (const { path } of nodeRecords) await host.removeFile(path);

        const { removed } = await host.detach(volume.volumeId);

        expect(removed.filter((what) => what.startsWith('session'))).toHaveLength(2);
        expect(await host.hostState()).toEqual(before);
        const again = await host.attach(requestFor(host, volume, {}, portals));
        expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
        await host.detach(volume.volumeId);
      });
    },
  },
];
