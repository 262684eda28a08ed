import { expect } from 'vitest';
import { requestFor } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { Administrator, settingOf } from './administrator.js';
import { asFound } from './experiment.js';

const OFF = { multipath: 'off' } as const;

export const singlePathScenarios: readonly Scenario[] = [
  {
    id: 'B-01',
    claim: 'one path without multipath: one record set to manual, one session, one device',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();
      const [portal = ''] = host.portals;

      const result = await host.attach(requestFor(host, volume, OFF, [portal]));

      expect(result).toMatchObject({ state: 'attached', kind: 'single', wwid: volume.wwid });
      const { sessions, scsiDevices, maps, nodeRecords } = await host.hostState();
      expect(sessions).toHaveLength(1);
      expect(nodeRecords).toHaveLength(1);
      expect(maps).toEqual([]);
      expect(scsiDevices.map(({ disk }) => `/dev/${disk}`)).toEqual([result.device]);
      const record = await new Administrator(host).record({ iqn: volume.iqn, portal });
      expect(settingOf(record, 'node.session.scan')).toBe('manual');
      expect(settingOf(record, 'node.startup')).toBe('manual');
      await host.detach(volume.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-02',
    claim: 'a session that is there for another LUN is used, and scanned for exactly ours',
    async run(host) {
      const before = await host.hostState();
      const [portal = ''] = host.portals;
      const other = await host.freshVolume();
      // Mapped at the target as well, and nobody asked for it.
      await host.freshVolume();
      const volume = await host.freshVolume();
      await host.attach(requestFor(host, other, OFF, [portal]));
      const { sessions } = await host.hostState();

      const result = await host.attach(requestFor(host, volume, OFF, [portal]));

      const after = await host.hostState();
      expect(after.sessions).toEqual(sessions);
      expect(after.scsiDevices).toHaveLength(2);
      expect(result).toMatchObject({ wwid: volume.wwid, paths: [{ lun: volume.lun }] });
      await host.detach(volume.volumeId);
      await host.detach(other.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-03',
    claim: 'an attach of what is attached gives the same answer and no second device',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();
      const portals = host.portals.slice(0, 2);

      const first = await host.attach(requestFor(host, volume, {}, portals));
      const attached = await host.hostState();
      const second = await host.attach(requestFor(host, volume, {}, portals));

      expect(second).toEqual(first);
      const again = await host.hostState();
      expect(again.sessions).toEqual(attached.sessions);
      expect(again.scsiDevices).toEqual(attached.scsiDevices);
      expect(again.maps).toEqual(attached.maps);
      await host.detach(volume.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-04',
    claim: 'without multipath a dead first portal gives way to the second, and leaves nothing',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const [dead = '', good = ''] = host.portals;
        await host.dropPortal(dead);

        const policy = { loginTimeoutMs: 2_000 };
        const result = await host.attach(
          requestFor(host, volume, { ...OFF, policy }, [dead, good]),
        );

        expect(result).toMatchObject({ state: 'attached', kind: 'single', wwid: volume.wwid });
        const { sessions, nodeRecords } = await host.hostState();
        expect(sessions).toMatchObject([{ portal: good }]);
        expect(nodeRecords).toHaveLength(1);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-05',
    limits: ['L25'],
    claim: 'without multipath a portal that has no such LUN is logged out before the next is tried',
    async run(host) {
      await asFound(host, async (before) => {
        const { iqn, portals } = await host.addTarget({ groups: 'per-portal' });
        const [without = '', has = ''] = portals;
        const volume = await host.freshVolume({ iqn, portals: [has] });

        const policy = { deviceWaitMs: 1_500 };
        const result = await host.attach(
          requestFor(host, volume, { ...OFF, policy }, [without, has]),
        );

        expect(result).toMatchObject({ kind: 'single', wwid: volume.wwid });
        const { sessions, nodeRecords, scsiDevices } = await host.hostState();
        expect(sessions).toMatchObject([{ portal: has }]);
        expect(nodeRecords).toHaveLength(1);
        expect(scsiDevices).toHaveLength(1);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-06',
    claim: 'an attach to dead portals fails within its bound and leaves nothing behind',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const [first = '', second = ''] = host.portals;
        await host.dropPortal(first);
        await host.resetPortal(second);

        const policy = { loginTimeoutMs: 2_000 };
        const attach = host.attach(requestFor(host, volume, { policy }, [first, second]));

        await expect(attach).rejects.toMatchObject({ type: 'PortalUnreachable' });
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
];
