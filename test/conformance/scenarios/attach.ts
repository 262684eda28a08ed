import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { DEFAULT_GRACE, requestFor, settledPart } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';

const PATTERN = 'mooring was here';

export const attachScenarios: readonly Scenario[] = [
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
    claim: 'a dead portal delays nothing, is reported, and leaves nothing behind',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();
      const [, , , dead = ''] = host.portals;
      await host.dropPortal(dead);
      try {
        const result = await host.attach(requestFor(host, volume, { policy: DEFAULT_GRACE }));

        expect(result).toMatchObject({ state: 'degraded', kind: 'multipath', wwid: volume.wwid });
        const missing = result.paths.filter((path) => path.state === 'missing');
        expect(missing.map((path) => path.portal)).toContain(dead);
        expect(result.paths.some((path) => path.state === 'present')).toBe(true);
        // Those that were only slow join by themselves.
        await eventually(
          async () => {
            expect(await host.slavesOf(result.device)).toHaveLength(3);
          },
          { withinMs: 60_000 },
        );

        await host.detach(volume.volumeId);
      } finally {
        await host.restorePortals();
      }
      expect(await host.hostState()).toEqual(before);
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
    id: 'B-03',
    claim: 'an attach of what is attached gives the same answer and no second device',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();

      const first = await host.attach(requestFor(host, volume));
      const attached = settledPart(await host.hostState());
      const second = await host.attach(requestFor(host, volume));

      expect(second).toEqual(first);
      expect(settledPart(await host.hostState())).toEqual(attached);
      await host.detach(volume.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-06',
    claim: 'an attach to dead portals fails within its bound and leaves nothing behind',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();
      const [first = '', second = ''] = host.portals;
      await host.dropPortal(first);
      await host.dropPortal(second);
      try {
        const policy = { loginTimeoutMs: 2_000 };
        const attach = host.attach(requestFor(host, volume, { policy }, [first, second]));

        await expect(attach).rejects.toMatchObject({ type: 'PortalUnreachable' });
      } finally {
        await host.restorePortals();
      }
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-10',
    claim: 'an absent LUN fails the attach and the sessions made for it are gone',
    async run(host) {
      const before = await host.hostState();
      const volume = { ...(await host.freshVolume()), lun: 250 };

      const policy = { deviceWaitMs: 1_500 };
      const attach = host.attach(requestFor(host, volume, { policy }));

      await expect(attach).rejects.toMatchObject({ type: 'LunNotFound' });
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'M-01',
    claim: 'a volume that is not the expected one is refused and nothing of it stays',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();

      const expect_ = { wwid: '3600140500000000000000000000dead0' };
      const attach = host.attach(requestFor(host, volume, { expect: expect_ }));

      await expect(attach).rejects.toMatchObject({ type: 'WrongVolume' });
      expect(await host.hostState()).toEqual(before);
    },
  },
];
