import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { DEFAULT_GRACE, requestFor } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { splitPortal } from './administrator.js';
import { asFound, untilLoggedIn } from './experiment.js';

const PATTERN = 'mooring was here';
const STRAGGLERS_MS = 60_000;

export const multipathScenarios: readonly Scenario[] = [
  {
    id: 'B-26',
    claim: 'four good portals give four paths, one map, and a host as before after the detach',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();

      const result = await host.attach(requestFor(host, volume));

      expect(result).toMatchObject({
        state: 'attached',
        kind: 'multipath',
        wwid: volume.wwid,
        sizeBytes: volume.sizeBytes,
      });
      expect(result.stablePath).toBe(`/dev/disk/by-id/dm-uuid-mpath-${volume.wwid}`);
      expect(await host.slavesOf(result.device)).toHaveLength(4);
      await host.write(result.device, PATTERN);
      expect(await host.read(result.stablePath, PATTERN.length)).toBe(PATTERN);

      expect(await host.detach(volume.volumeId)).toMatchObject({ wasAttached: true, kept: [] });
      expect(await host.hostState()).toEqual(before);

      const again = await host.attach(requestFor(host, volume));
      expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
      await host.detach(volume.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-27',
    limits: ['L25'],
    claim: 'a dead portal delays nothing, is reported, and leaves nothing behind',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const [, , , dead = ''] = host.portals;
        await host.dropPortal(dead);

        const result = await host.attach(requestFor(host, volume, { policy: DEFAULT_GRACE }));

        expect(result).toMatchObject({ state: 'degraded', kind: 'multipath', wwid: volume.wwid });
        const missing = result.paths.filter((path) => path.state === 'missing');
        expect(missing.map((path) => path.portal)).toContain(dead);
        expect(result.paths.some((path) => path.state === 'present')).toBe(true);
        const { nodeRecords } = await host.hostState();
        expect(nodeRecords.filter(({ path }) => path.includes(splitPortal(dead).address))).toEqual(
          [],
        );
        // Those that were only slow join by themselves.
        await eventually(
          async () => {
            expect(await host.slavesOf(result.device)).toHaveLength(3);
          },
          { withinMs: STRAGGLERS_MS },
        );
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-28',
    claim: 'one portal alone still gives a map, not a bare device',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();

      const result = await host.attach(requestFor(host, volume, {}, host.portals.slice(0, 1)));

      expect(result).toMatchObject({ state: 'attached', kind: 'multipath', wwid: volume.wwid });
      expect(await host.slavesOf(result.device)).toHaveLength(1);
      await host.detach(volume.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-29',
    claim: 'with a third of all packets lost an attach succeeds or fails cleanly, in its time',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const deadlineMs = 60_000;
        await host.losePackets(30);

        const attach = host.attach(requestFor(host, volume, { policy: { deadlineMs } }));
        const end = await attach.catch((error: unknown) => ({ type: typeOf(error) }));

        if ('type' in end) expect(end.type).toMatch(/^[A-Z]\w+$/);
        else expect(end).toMatchObject({ kind: 'multipath', wwid: volume.wwid });
        await host.restorePortals();
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-30',
    claim:
      'a LUN at one portal only gives a map over one path; the portals without it are reported',
    async run(host) {
      await asFound(host, async (before) => {
        const { iqn, portals } = await host.addTarget({ groups: 'per-portal' });
        const [has = '', without = ''] = portals;
        const volume = await host.freshVolume({ iqn, portals: [has] });

        const policy = { deviceWaitMs: 1_500 };
        const result = await host.attach(requestFor(host, volume, { policy }, [has, without]));

        expect(result).toMatchObject({ state: 'degraded', kind: 'multipath', wwid: volume.wwid });
        expect(await host.slavesOf(result.device)).toHaveLength(1);
        expect(result.paths).toMatchObject([
          { portal: has, state: 'present' },
          { portal: without, state: 'missing', failure: { type: 'LunNotFound' } },
        ]);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-31',
    claim:
      'without multipathd a preferred map is one path and a warning, a required one is refused',
    async run(host) {
      await asFound(host, async (before) => {
        const preferred = await host.freshVolume();
        const required = await host.freshVolume();
        const portals = host.portals.slice(0, 2);
        await host.stopMultipathd();

        const single = await host.attach(requestFor(host, preferred, {}, portals));
        expect(single).toMatchObject({ kind: 'single', wwid: preferred.wwid });
        expect(single.warnings.join()).toContain('multipathd');
        await host.detach(preferred.volumeId);

        const refused = host.attach(requestFor(host, required, { multipath: 'required' }, portals));
        await expect(refused).rejects.toMatchObject({ type: 'MultipathUnavailable' });
        const { sessions, nodeRecords, runTree } = await host.hostState();
        expect({ sessions, nodeRecords, runTree }).toEqual({
          sessions: before.sessions,
          nodeRecords: before.nodeRecords,
          runTree: before.runTree,
        });
      });
    },
  },
  {
    id: 'B-32',
    claim: 'a multipathd that starts while an attach is under way still makes the map',
    async run(host) {
      await asFound(host, async (before) => {
        // Found late, so that the daemon is surely back before the map is asked for.
        const volume = await host.freshVolume({ mapped: false });
        await host.stopMultipathd();
        const attach = host.attach(requestFor(host, volume, {}, host.portals.slice(0, 1)));
        attach.catch(() => undefined);
        await untilLoggedIn(host, 1);

        await host.startMultipathd();
        await host.mapVolume(volume);

        expect(await attach).toMatchObject({ kind: 'multipath', wwid: volume.wwid });
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  ...(['strict', 'smart', 'yes', 'no'] as const).map((findMultipaths): Scenario => ({
    id: 'B-33',
    claim: `find_multipaths ${findMultipaths}: one map over both paths, its WWID remembered once`,
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.configureMultipath({ findMultipaths });

        const result = await host.attach(requestFor(host, volume, {}, host.portals.slice(0, 2)));

        expect(result).toMatchObject({ state: 'attached', kind: 'multipath' });
        expect(await host.slavesOf(result.device)).toHaveLength(2);
        const { maps, wwids } = await host.hostState();
        expect(maps).toHaveLength(before.maps.length + 1);
        expect(wwids.filter((line) => line === `/${volume.wwid}/`)).toHaveLength(1);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  })),
  {
    id: 'B-36',
    claim: 'a map whose paths are all dead is no success for an attach, and is not touched',
    async run(host) {
      await asFound(host, async (before) => {
        const portals = host.portals.slice(0, 2);
        const volume = await host.freshVolume();
        const request = requestFor(host, volume, { policy: { loginTimeoutMs: 2_000 } }, portals);
        const { device } = await host.attach(request);
        for (const portal of portals) await host.dropPortal(portal);
        const slaves = await host.slavesOf(device);
        await eventually(
          async () => {
            for (const slave of slaves) {
              const state = await host.readFile(`/sys/class/block/${slave}/device/state`);
              expect(state).not.toBe('running\n');
            }
          },
          { withinMs: 60_000 },
        );

        const again = host.attach({ ...request, requestId: `${volume.volumeId}-again` });

        await expect(again).rejects.toHaveProperty(
          'type',
          expect.stringMatching(/^(?:MapNotUsable|PortalUnreachable)$/),
        );
        expect(await host.slavesOf(device)).toEqual(slaves);
        await host.restorePortals();
        await untilLoggedIn(host, portals.length);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-40',
    limits: ['L14'],
    claim: 'a path that answers no I/O holds nobody up: the other path is handed out',
    async run(host) {
      await asFound(host, async (before) => {
        const [good = '', mute = ''] = host.portals;
        const first = await host.freshVolume();
        const volume = await host.freshVolume();
        // Leaves a session to each portal, so that the mute one needs no login.
        await host.attach(requestFor(host, first, {}, [good, mute]));
        await host.dropPortal(mute);

        const policy = { ...DEFAULT_GRACE, deadlineMs: 20_000 };
        const result = await host.attach(requestFor(host, volume, { policy }, [good, mute]));

        expect(result).toMatchObject({ state: 'degraded', kind: 'multipath', wwid: volume.wwid });
        await host.restorePortals();
        await untilLoggedIn(host, 2);
        await host.detach(volume.volumeId);
        await host.detach(first.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
];

function typeOf(error: unknown): string {
  return error instanceof Error && 'type' in error ? String(error.type) : String(error);
}
