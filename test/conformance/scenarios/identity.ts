import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { requestFor, type HostUnderTest, type Volume } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { Administrator } from './administrator.js';
import { asFound } from './experiment.js';

const OFF = { multipath: 'off' } as const;
const SOON = { withinMs: 30_000, everyMs: 100 };

export const identityScenarios: readonly Scenario[] = [
  {
    id: 'M-01',
    limits: ['L2'],
    claim: 'a volume that is not the expected one is refused and nothing of it stays',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();

      const expected = { wwid: '3600140500000000000000000000dead0' };
      const attach = host.attach(
        requestFor(host, volume, { expect: expected }, host.portals.slice(0, 2)),
      );

      await expect(attach).rejects.toMatchObject({ type: 'WrongVolume' });
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-37',
    limits: ['L12'],
    claim: "somebody's device on top of a path is not taken for the map, and stops the detach",
    async run(host) {
      await asFound(host, async () => {
        const { iqn, portals } = await host.addTarget();
        const [portal = ''] = portals;
        const volume = await host.freshVolume({ iqn });
        const administrator = new Administrator(host);
        const holder = { name: 'scenario-lv', uuid: 'LVM-scenario' };
        await administrator.logIn({ iqn, portal });
        // The kernel looks at what his login found when that has ended already.
        const disk = await eventually(async () => {
          const { scsiDevices } = await host.hostState();
          expect(scsiDevices).toMatchObject([{ disk: expect.any(String) }]);
          return scsiDevices[0]?.disk;
        }, SOON);
        await host.addHolder(`/dev/${disk}`, holder);

        const result = await host.attach(requestFor(host, volume, {}, [portal]));

        const { maps } = await host.hostState();
        const map = maps.find(({ name }) => `/dev/${name}` === result.device);
        expect(map).toMatchObject({ uuid: `mpath-${volume.wwid}` });
        const detach = host.detach(volume.volumeId);
        await expect(detach).rejects.toMatchObject({ type: 'DeviceInUse' });
        await host.removeHolder(holder.name);
        await host.detach(volume.volumeId);
        await administrator.logOut({ iqn, portal });
      });
    },
  },
  {
    id: 'B-38',
    limits: ['L2'],
    claim: 'one LUN that is two volumes at two portals is refused: no mixed map, nothing left',
    async run(host) {
      await asFound(host, async (before) => {
        const { iqn, portals } = await host.addTarget({ groups: 'per-portal' });
        const [here = '', there = ''] = portals;
        const volume = await host.freshVolume({ iqn, portals: [here], lun: 7 });
        await host.freshVolume({ iqn, portals: [there], lun: 7 });

        const attach = host.attach(requestFor(host, volume, {}, [here, there]));

        await expect(attach).rejects.toMatchObject({ type: 'WrongVolume' });
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-39',
    limits: ['L2'],
    claim:
      'a stale device under a re-used LUN is never handed out for the volume that is there now',
    run: (host) => underReusedLun(host, ({ wwid }) => ({ expect: { wwid } })),
  },
  {
    id: 'M-08',
    limits: ['L2'],
    claim: 'a stale device is found out without an expected WWID as well',
    run: (host) => underReusedLun(host, () => ({})),
  },
  {
    id: 'B-69',
    limits: ['L19'],
    claim: 'a second attach of the same volume under another id is refused, and the first stays',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();
      const portals = host.portals.slice(0, 2);
      const first = await host.attach(requestFor(host, volume, {}, portals));
      const attached = await host.hostState();

      const other = { ...volume, volumeId: `${volume.volumeId}-again` };
      const second = host.attach(requestFor(host, other, {}, portals));

      await expect(second).rejects.toMatchObject({ type: 'WrongVolume' });
      const { sessions, scsiDevices, maps, runTree } = await host.hostState();
      expect({ sessions, scsiDevices, maps, runTree }).toEqual({
        sessions: attached.sessions,
        scsiDevices: attached.scsiDevices,
        maps: attached.maps,
        runTree: attached.runTree,
      });
      await host.write(first.device, 'still there');
      expect(await host.state(volume.volumeId)).toMatchObject({ state: 'attached' });
      await host.detach(volume.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
];

/**
 * Attaches a volume under a LUN of which the host still has the device of the volume before: it gets
 * the new one, or is refused.
 */
async function underReusedLun(
  host: HostUnderTest,
  more: (volume: Volume) => Parameters<typeof requestFor>[2],
): Promise<void> {
  await asFound(host, async () => {
    const { iqn, portals } = await host.addTarget();
    const [portal = ''] = portals;
    const old = await host.freshVolume({ iqn });
    const spare = await host.freshVolume({ iqn, mapped: false });
    const volume = { ...spare, lun: old.lun };
    const administrator = new Administrator(host);
    await administrator.logIn({ iqn, portal });
    await host.reuseLun(old, volume);

    const attach = host.attach(requestFor(host, volume, { ...OFF, ...more(volume) }, [portal]));

    const end = await attach.catch((error: unknown) => error);
    if (end instanceof Error) expect(end).toMatchObject({ type: 'WrongVolume' });
    else expect(end).toMatchObject({ state: 'attached', wwid: volume.wwid });
    await host.detach(volume.volumeId);
    await administrator.logOut({ iqn, portal });
  });
}
