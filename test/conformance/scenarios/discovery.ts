import { expect } from 'vitest';
import type { AttachRequestInput } from '../../../src/model/attach-request.js';
import { requestFor, settledPart, type HostUnderTest, type Volume } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { Administrator } from './administrator.js';
import { asFound, rejection } from './experiment.js';

const CREDENTIALS = { username: 'finder', secret: 'discovery-secret-5e' };
const SOURCES = '/etc/iscsi/send_targets';
/** All portals are awaited; the last comes seconds after the first on an emulated CPU. */
const PATIENT = { pathGraceMs: 20_000 };

export const discoveryScenarios: readonly Scenario[] = [
  {
    id: 'B-43',
    claim: 'a discovered target is attached over all of its portals',
    async run(host) {
      await asFound(host, async (before) => {
        const { iqn, portals } = await host.addTarget();
        const volume = await host.freshVolume({ iqn });

        const result = await host.attach(byDiscovery(host, volume, portals[0] ?? ''));

        expect(result).toMatchObject({ state: 'attached', kind: 'multipath', wwid: volume.wwid });
        expect(result.paths.map(({ portal }) => portal).sort()).toEqual([...portals].sort());
        expect(await host.slavesOf(result.device)).toHaveLength(portals.length);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-44',
    limits: ['L1'],
    claim: 'other targets that a discovery finds are never logged in to, and get no record',
    async run(host) {
      await asFound(host, async (before) => {
        // Seen by the same discovery, beside the host's own target.
        await host.addTarget();
        const { iqn, portals } = await host.addTarget();
        const volume = await host.freshVolume({ iqn });

        await host.attach(byDiscovery(host, volume, portals[0] ?? ''));

        const { sessions, nodeRecords } = await host.hostState();
        expect(new Set(sessions.map(({ targetIqn }) => targetIqn))).toEqual(new Set([iqn]));
        expect(nodeRecords.every(({ path }) => path.includes(`/${iqn}/`))).toBe(true);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-45',
    limits: ['L23'],
    claim: 'a discovery, failed or not, leaves records of others as they are, and none of its own',
    async run(host) {
      await asFound(host, async (before) => {
        const { iqn, portals } = await host.addTarget();
        const [portal = '', dead = ''] = portals;
        const volume = await host.freshVolume({ iqn });
        const administrator = new Administrator(host);
        const others = { iqn: host.iqn, portal };
        await administrator.makeRecord(others, {
          'node.startup': 'automatic',
          'node.session.scan': 'auto',
          'node.session.auth.authmethod': 'CHAP',
          'node.session.auth.username': 'somebody',
          'node.session.auth.password': 'not-ours-to-touch',
        });
        const text = await administrator.record(others);

        await host.dropPortal(dead);
        const policy = { loginTimeoutMs: 2_000 };
        const unheard = host.attach({ ...byDiscovery(host, volume, dead), policy });
        await expect(unheard).rejects.toMatchObject({ type: 'PortalUnreachable' });
        await host.restorePortals();

        await host.setDiscoveryChap({ incoming: CREDENTIALS });
        const refused = host.attach(byDiscovery(host, volume, portal));
        await expect(refused).rejects.toMatchObject({ type: 'LoginRefused' });
        await host.setDiscoveryChap({});

        await host.attach(byDiscovery(host, volume, portal));
        await host.detach(volume.volumeId);

        expect(await administrator.record(others)).toBe(text);
        expect(await host.list(SOURCES)).toEqual([]);
        await administrator.deleteRecord(others);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-46',
    claim: 'discovery with CHAP works without a record of the portal, and leaves none',
    async run(host) {
      await asFound(host, async (before) => {
        const { iqn, portals } = await host.addTarget();
        const volume = await host.freshVolume({ iqn });
        await host.setDiscoveryChap({ incoming: CREDENTIALS });
        const secretRef = await host.storeSecret('b-46', CREDENTIALS.secret);
        const request = byDiscovery(host, volume, portals[0] ?? '');

        const result = await host.attach({
          ...request,
          connection: {
            ...request.connection,
            discoveryChap: { username: CREDENTIALS.username, secretRef },
          },
        });

        expect(result).toMatchObject({ wwid: volume.wwid });
        expect(await host.list(SOURCES)).toEqual([]);
        expect(await host.historyText(volume.volumeId)).not.toContain(CREDENTIALS.secret);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-64',
    limits: ['L1'],
    claim:
      'what the discovery database knows of other targets is no reason to touch them: a detach and a failed attach leave them',
    async run(host) {
      await asFound(host, async () => {
        const [portal = ''] = host.portals;
        const off = { multipath: 'off' } as const;
        const find = ['-m', 'discovery', '-t', 'sendtargets', '-p', portal];
        expect(await host.run('iscsiadm', find)).toMatchObject({ exitCode: 0 });
        const kept = await host.freshVolume();
        const { device } = await host.attach(requestFor(host, kept, off, [portal]));
        const withKept = settledPart(await host.hostState());
        // Made after the discovery, so the database does not know it.
        const { iqn } = await host.addTarget();
        const leaving = await host.freshVolume({ iqn });
        const absent = { ...(await host.freshVolume({ iqn, mapped: false })), lun: 252 };

        await host.attach(requestFor(host, leaving, off, [portal]));
        await host.detach(leaving.volumeId);
        expect(settledPart(await host.hostState())).toEqual(withKept);
        const policy = { deviceWaitMs: 1_000 };
        await rejection(host.attach(requestFor(host, absent, { ...off, policy }, [portal])));
        expect(settledPart(await host.hostState())).toEqual(withKept);

        await host.write(device, 'still there');
        await host.detach(kept.volumeId);
        await host.run('iscsiadm', ['-m', 'node', '-T', host.iqn, '-o', 'delete']);
        const database = ['-m', 'discoverydb', '-t', 'sendtargets', '-p', portal];
        await host.run('iscsiadm', [...database, '-o', 'delete']);
      });
    },
  },
  {
    id: 'M-13',
    limits: ['L13'],
    claim: 'the addressing mode of the request counts for discovered paths as well',
    async run(host) {
      await asFound(host, async (before) => {
        const { iqn, portals } = await host.addTarget({ addressing: 'flat' });
        const volume = await host.freshVolume({ iqn, lun: 1 });
        const request = byDiscovery(host, volume, portals[0] ?? '');
        const connection = { ...request.connection, addressingMode: 'SAM3-flat' } as const;

        const result = await host.attach({ ...request, connection });

        expect(result).toMatchObject({ wwid: volume.wwid });
        expect(result.paths.map(({ hctl = '' }) => hctl.split(':').at(-1))).toEqual(
          portals.map(() => '16385'),
        );
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'M-09',
    limits: ['L23'],
    claim: 'a discovery portal that an administrator has a record of keeps it, credentials and all',
    async run(host) {
      await asFound(host, async (before) => {
        const { iqn, portals } = await host.addTarget();
        const [portal = ''] = portals;
        const volume = await host.freshVolume({ iqn });
        const database = ['-m', 'discoverydb', '-t', 'sendtargets', '-p', portal];
        expect(await host.run('iscsiadm', [...database, '-o', 'new'])).toMatchObject({
          exitCode: 0,
        });
        const record = `${SOURCES}/${portal.replace(':', ',')}/st_config`;
        const text = await host.readFile(record);
        expect(text).toBeDefined();
        await host.setDiscoveryChap({ incoming: CREDENTIALS });
        const secretRef = await host.storeSecret('m-09', CREDENTIALS.secret);
        const request = byDiscovery(host, volume, portal);
        const discoveryChap = { username: CREDENTIALS.username, secretRef };

        await host.attach({ ...request, connection: { ...request.connection, discoveryChap } });
        await host.detach(volume.volumeId);

        expect(await host.readFile(record)).toBe(text);
        await host.run('iscsiadm', [...database, '-o', 'delete']);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
];

function byDiscovery(host: HostUnderTest, volume: Volume, portal: string): AttachRequestInput {
  const { volumeId, iqn, lun } = volume;
  const connection = { discovery: { portal, iqn, lun } };
  return { volumeId, hostId: host.hostId, connection, policy: PATIENT };
}
