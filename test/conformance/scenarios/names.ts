import { expect } from 'vitest';
import type { AttachRequestInput } from '../../../src/model/attach-request.js';
import { requestFor, type HostUnderTest } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { Administrator, splitPortal } from './administrator.js';
import { asFound, rejection } from './experiment.js';

const OFF = { multipath: 'off' } as const;

export const namesScenarios: readonly Scenario[] = [
  {
    id: 'B-14',
    claim: 'a partitioned volume is handed out whole, as a path and as a map',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const portals = host.portals.slice(0, 1);
        const raw = await host.attach(requestFor(host, volume, OFF, portals));
        await host.partition(raw.device);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);

        for (const more of [OFF, {}]) {
          const { device, sizeBytes } = await host.attach(requestFor(host, volume, more, portals));
          const block = device.replace('/dev/', '');
          expect(sizeBytes).toBe(volume.sizeBytes);
          expect(await host.readFile(`/sys/class/block/${block}/partition`)).toBeUndefined();
          const uuid = (await host.readFile(`/sys/class/block/${block}/dm/uuid`)) ?? '';
          expect(uuid).not.toMatch(/^part/);
          await host.detach(volume.volumeId);
          expect(await host.hostState()).toEqual(before);
        }
      });
    },
  },
  {
    id: 'B-15',
    claim:
      'without a link of udev the identity comes from sysfs, and the result says what it is worth',
    async run(host) {
      await asFound(host, async () => {
        const volume = await host.freshVolume();
        await host.holdUdev();

        const result = await host.attach(requestFor(host, volume, OFF, host.portals.slice(0, 1)));

        expect(result).toMatchObject({ state: 'attached', kind: 'single', wwid: volume.wwid });
        expect(result.stablePath).toBe(result.device);
        expect(result.warnings.join()).toContain('no link');
        await host.releaseUdev();
        await host.detach(volume.volumeId);
      });
    },
  },
  {
    id: 'B-18',
    claim:
      'a host where open-iscsi knows nothing, which its tool says with 21, is a host like any other',
    async run(host) {
      const before = await host.hostState();
      expect(await host.run('iscsiadm', ['-m', 'session'])).toMatchObject({ exitCode: 21 });
      expect(await host.run('iscsiadm', ['-m', 'node'])).toMatchObject({ exitCode: 21 });
      const volume = await host.freshVolume();

      const result = await host.attach(requestFor(host, volume, OFF, host.portals.slice(0, 1)));

      expect(result).toMatchObject({ state: 'attached', wwid: volume.wwid });
      await host.detach(volume.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-19',
    claim: 'strange files in the node database are passed over, and stay',
    async run(host) {
      await asFound(host, async () => {
        const volume = await host.freshVolume();
        const [portal = ''] = host.portals;
        const nodes = '/etc/iscsi/nodes';
        await host.writeFile(`${nodes}/${volume.iqn}/no portal at all`, 'no record\n');
        const withStranger = await host.hostState();

        const result = await host.attach(requestFor(host, volume, OFF, [portal]));

        expect(result).toMatchObject({ state: 'attached', wwid: volume.wwid });
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(withStranger);
      });
    },
  },
  {
    id: 'B-22',
    limits: ['L6'],
    claim: 'an IPv6 portal is the same however it is spelled, in a request and in a record',
    async run(host) {
      await asFound(host, async (before) => {
        const { ipv6Portal } = host;
        const volume = await host.freshVolume();
        const { address } = splitPortal(ipv6Portal);

        const plain = await host.attach(requestFor(host, volume, OFF, [ipv6Portal]));
        expect(plain).toMatchObject({ state: 'attached', wwid: volume.wwid });
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);

        const node = { iqn: volume.iqn, portal: ipv6Portal };
        const administrator = new Administrator(host);
        await administrator.makeRecord(node);
        const withRecord = await host.hostState();
        await host.attach(requestFor(host, volume, OFF, [ipv6Portal.toLowerCase()]));
        const { nodeRecords, sessions } = await host.hostState();
        expect(nodeRecords).toHaveLength(withRecord.nodeRecords.length);
        expect(nodeRecords.some(({ path }) => path.includes(address))).toBe(true);
        expect(sessions).toHaveLength(1);
        await host.detach(volume.volumeId);
        expect((await host.hostState()).sessions).toEqual([]);
        await administrator.deleteRecord(node);
      });
    },
  },
  {
    id: 'B-24',
    limits: ['L13'],
    claim: 'LUNs are asked for in the addressing of the array: 256 by SAM2, 1 by SAM3-flat',
    async run(host) {
      await asFound(host, async (before) => {
        const { iqn, portals } = await host.addTarget({ addressing: 'flat' });
        for (const [lun, addressingMode, kernelLun] of [
          [256, 'SAM2', 16_640],
          [1, 'SAM3-flat', 16_385],
        ] as const) {
          const volume = await host.freshVolume({ iqn, lun });
          const request = requestFor(host, volume, OFF, portals.slice(0, 1));
          const connection = { ...request.connection, addressingMode };

          const result = await host.attach({ ...request, connection });

          expect(result).toMatchObject({ wwid: volume.wwid, paths: [{ lun }] });
          expect(result.paths[0]?.hctl).toMatch(new RegExp(`:${kernelLun}$`));
          await host.detach(volume.volumeId);
          expect(await host.hostState()).toEqual(before);
        }
      });
    },
  },
  {
    id: 'B-25',
    limits: ['L5'],
    claim: 'input that is none is refused by name, before anything is changed',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();
      const [portal = ''] = host.portals;
      const good = requestFor(host, volume, OFF, [portal]);
      const withPath = (path: object): AttachRequestInput => ({
        ...good,
        connection: { paths: [{ portal, iqn: volume.iqn, lun: volume.lun, ...path }] },
      });
      const wrong: readonly (readonly [string, unknown])[] = [
        ['connection.paths[0].lun', withPath({ lun: String(volume.lun) })],
        ['connection.paths[0].lun', withPath({ lun: -1 })],
        ['connection.paths[0].portal', withPath({ portal: splitPortal(portal).address })],
        ['connection.paths[0].iqn', withPath({ iqn: 'no target name' })],
        ['connection.paths', { ...good, connection: { paths: [] } }],
        [
          'connection.addressingMode',
          { ...good, connection: { ...good.connection, addressingMode: 'SAM9' } },
        ],
        ['volumeId', { ...good, volumeId: 'no / id' }],
      ];
      for (const [field, request] of wrong) {
        const error = await rejection(host.attach(request as AttachRequestInput));
        expect(error).toMatchObject({ type: 'InvalidRequest' });
        expect(fieldsOf(error)).toContain(field);
      }
      const detach = host.detach('no / id');
      await expect(detach).rejects.toMatchObject({ type: 'InvalidRequest' });
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'M-06',
    claim: 'an iface that the host does not have is named before anything is changed',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();
      const request = requestFor(host, volume, OFF, host.portals.slice(0, 1));
      const connection = { ...request.connection, iface: 'nobody-made-this' };

      const error = await rejection(host.attach({ ...request, connection }));

      expect(error).toMatchObject({ type: 'InvalidRequest' });
      expect((error as Error).message).toContain('connection.iface');
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'M-07',
    claim:
      'the session is made with the iface of the request, and another attach uses the default one',
    async run(host) {
      await asFound(host, async () => {
        const [portal = ''] = host.portals;
        const iface = 'lab0';
        await expectDone(host, ['-m', 'iface', '-I', iface, '-o', 'new']);
        try {
          const first = await host.freshVolume();
          const second = await host.freshVolume();
          const request = requestFor(host, first, OFF, [portal]);
          await host.attach({ ...request, connection: { ...request.connection, iface } });
          const { sessions } = await host.hostState();
          expect(sessions).toHaveLength(1);
          await host.detach(first.volumeId);

          await host.attach(requestFor(host, second, OFF, [portal]));
          expect((await host.hostState()).sessions).toHaveLength(1);
          await host.detach(second.volumeId);
        } finally {
          await expectDone(host, ['-m', 'iface', '-I', iface, '-o', 'delete']);
        }
      });
    },
  },
  {
    id: 'B-34',
    claim: 'with friendly names the result names the volume by its WWID, not by the map',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.configureMultipath({ friendlyNames: true });

        const result = await host.attach(requestFor(host, volume, {}, host.portals.slice(0, 2)));

        expect(result).toMatchObject({ kind: 'multipath', wwid: volume.wwid });
        expect(result.stablePath).toBe(`/dev/disk/by-id/dm-uuid-mpath-${volume.wwid}`);
        const { maps } = await host.hostState();
        const map = maps.find(({ uuid }) => uuid === `mpath-${volume.wwid}`);
        expect(map?.label).toMatch(/^mpath[a-z]+$/);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-35',
    claim: 'when udev has moved the links to the map, the paths are still known for what they are',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();
      const [first = '', second = ''] = host.portals;
      const { device } = await host.attach(requestFor(host, volume, {}, [first, second]));
      const link = `/dev/disk/by-id/wwn-0x${volume.wwid.slice(1)}`;
      expect(await host.resolveLink(link)).toBe(device);

      const again = await host.attach(requestFor(host, volume, {}, [first, second]));

      expect(again).toMatchObject({ device, kind: 'multipath', wwid: volume.wwid });
      expect(again.paths.map(({ state }) => state)).toEqual(['present', 'present']);
      const { removed } = await host.detach(volume.volumeId);
      expect(removed.join()).toContain('map');
      expect(await host.hostState()).toEqual(before);
    },
  },
];

function fieldsOf(error: unknown): string[] {
  const { facts } = error as { readonly facts?: { readonly problems?: unknown } };
  const problems = (facts?.problems ?? []) as readonly { readonly field: string }[];
  return problems.map(({ field }) => field);
}

async function expectDone(host: HostUnderTest, args: readonly string[]): Promise<void> {
  expect(await host.run('iscsiadm', args)).toMatchObject({ exitCode: 0 });
}
