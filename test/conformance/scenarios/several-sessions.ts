import { expect } from 'vitest';
import { requestFor, type HostUnderTest } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { Administrator } from './administrator.js';
import { asFound } from './experiment.js';

const PATTERN = 'over every session';
const IFACE = 'lab0';

/** More than one session to a portal. */
export const severalSessionsScenarios: readonly Scenario[] = [
  {
    id: 'B-50',
    limits: ['L22'],
    claim: 'with two sessions to a portal each carries a path, and a detach removes both',
    async run(host) {
      await asFound(host, async () => {
        const { iqn, portals } = await host.addTarget();
        const [portal = ''] = portals;
        const volume = await host.freshVolume({ iqn });
        const administrator = new Administrator(host);
        await administrator.makeRecord({ iqn, portal }, { 'node.session.nr_sessions': '2' });
        const withRecord = await host.hostState();

        const { device } = await host.attach(requestFor(host, volume, {}, [portal]));

        expect((await host.hostState()).sessions).toHaveLength(2);
        expect(await host.slavesOf(device)).toHaveLength(2);
        await host.write(device, PATTERN);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(withRecord);
        const again = await host.attach(requestFor(host, volume, {}, [portal]));
        expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
        await host.detach(volume.volumeId);
        await administrator.deleteRecord({ iqn, portal });
      });
    },
  },
  {
    id: 'B-50',
    limits: ['L22'],
    claim: "the device that somebody's session by another iface brought in goes, his session stays",
    async run(host) {
      await asFound(host, async () => {
        const { iqn, portals } = await host.addTarget();
        const [portal = ''] = portals;
        const volume = await host.freshVolume({ iqn });
        const other = await host.freshVolume({ iqn });
        await withTwoIfaces(host, { iqn, portal }, async (administrator) => {
          await host.attach(requestFor(host, volume, {}, [portal]));
          const ours = await host.hostState();
          await administrator.logInBy({ iqn, portal, iface: IFACE });
          const both = await host.hostState();
          expect(both.sessions).toHaveLength(2);
          // His scan takes every LUN of the target.
          expect(both.scsiDevices).toHaveLength(ours.scsiDevices.length + 2);

          const { kept } = await host.detach(volume.volumeId);

          const { sessions, scsiDevices } = await host.hostState();
          expect(kept).toEqual([]);
          expect(sessions).toHaveLength(1);
          expect(scsiDevices.map(({ wwid }) => wwid)).toEqual([
            expect.stringContaining(other.wwid.slice(1)),
          ]);
        });
      });
    },
  },
];

/** Records for two ifaces at one portal come from a discovery; a record made by hand has one iface. */
async function withTwoIfaces(
  host: HostUnderTest,
  { iqn, portal }: { readonly iqn: string; readonly portal: string },
  experiment: (administrator: Administrator) => Promise<void>,
): Promise<void> {
  const administrator = new Administrator(host);
  const done = async (...args: string[]): Promise<void> =>
    expect(await host.run('iscsiadm', args)).toMatchObject({ exitCode: 0 });
  await done('-m', 'iface', '-I', IFACE, '-o', 'new');
  await done('-m', 'discovery', '-t', 'st', '-p', portal, '-I', IFACE, '-I', 'default');
  try {
    await experiment(administrator);
  } finally {
    await host.run('iscsiadm', ['-m', 'node', '-T', iqn, '-p', portal, '--logout']);
    for (const each of [iqn, host.iqn])
      await host.run('iscsiadm', ['-m', 'node', '-T', each, '-o', 'delete']);
    await host.run('iscsiadm', ['-m', 'discoverydb', '-t', 'st', '-p', portal, '-o', 'delete']);
    await done('-m', 'iface', '-I', IFACE, '-o', 'delete');
  }
}
