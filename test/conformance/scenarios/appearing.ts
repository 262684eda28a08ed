import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { requestFor } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { Administrator } from './administrator.js';
import { asFound, rejection, untilLoggedIn } from './experiment.js';

const OFF = { multipath: 'off' } as const;
/** Own scans are at 0, 4, 13 and 29 s: after this the next is 8 s away. */
const AFTER_SECOND_SCAN_MS = 5_000;
/** From the device to the answer, on an emulated CPU as well; far less than to the next scan. */
const SEEN_WITHIN_MS = 5_000;

export const appearingScenarios: readonly Scenario[] = [
  {
    id: 'B-10',
    claim: 'an absent LUN fails the attach and the sessions made for it are gone',
    async run(host) {
      const before = await host.hostState();
      const volume = { ...(await host.freshVolume()), lun: 250 };

      const policy = { deviceWaitMs: 1_500 };
      const attach = host.attach(requestFor(host, volume, { policy }, host.portals.slice(0, 2)));

      await expect(attach).rejects.toMatchObject({ type: 'LunNotFound' });
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-11',
    claim: 'a LUN that is mapped after the login is found by a later scan, without another login',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume({ mapped: false });
        const attach = host.attach(requestFor(host, volume, OFF, host.portals.slice(0, 1)));
        attach.catch(() => undefined);
        const { sessions } = await untilLoggedIn(host, 1);

        await host.mapVolume(volume);

        expect(await attach).toMatchObject({ state: 'attached', wwid: volume.wwid });
        expect((await host.hostState()).sessions).toEqual(sessions);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-12',
    claim: 'a device that appears between two scans is seen at once, not at the next scan',
    async run(host) {
      await asFound(host, async (before) => {
        // A target of its own: the administrator's scan takes every LUN of the session.
        const { iqn, portals } = await host.addTarget();
        const [portal = ''] = portals;
        const volume = await host.freshVolume({ iqn, mapped: false });
        const attach = host.attach(requestFor(host, volume, OFF, [portal]));
        attach.catch(() => undefined);
        await untilLoggedIn(host, 1);
        await pause(AFTER_SECOND_SCAN_MS);

        await host.mapVolume(volume);
        await host.run('iscsiadm', ['-m', 'session', '--rescan']);
        const appeared = performance.now();
        await attach;

        expect(performance.now() - appeared).toBeLessThan(SEEN_WITHIN_MS);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-13',
    claim:
      'a session of somebody else that was never scanned shows exactly the wanted LUN, and stays',
    async run(host) {
      await asFound(host, async () => {
        const [portal = ''] = host.portals;
        await host.freshVolume();
        const volume = await host.freshVolume();
        const node = { iqn: volume.iqn, portal };
        const administrator = new Administrator(host);
        await administrator.logIn(node, { 'node.session.scan': 'manual' });
        const { sessions, scsiDevices } = await host.hostState();
        expect(scsiDevices).toEqual([]);

        const result = await host.attach(requestFor(host, volume, OFF, [portal]));

        const attached = await host.hostState();
        expect(attached.scsiDevices).toHaveLength(1);
        expect(result).toMatchObject({ wwid: volume.wwid });
        const { kept } = await host.detach(volume.volumeId);
        expect(kept).toHaveLength(1);
        const left = await host.hostState();
        expect(left).toMatchObject({ sessions, scsiDevices: [] });
        await administrator.logOut(node);
      });
    },
  },
  {
    id: 'B-20',
    limits: ['L7'],
    claim: 'a login that says it went well and made no session fails within its bound',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.misbehave({ program: 'iscsiadm', how: 'fails', matching: '--login' });

        const policy = { deadlineMs: 15_000 };
        const attach = host.attach(requestFor(host, volume, { policy }, host.portals.slice(0, 1)));

        expect(await rejection(attach)).toHaveProperty('type');
        await host.reset();
        await eventually(async () => expect(await host.hostState()).toEqual(before), {
          withinMs: 10_000,
        });
      });
    },
  },
  {
    id: 'B-21',
    limits: ['L7'],
    claim: 'a session that goes while its LUN is awaited ends in a bounded failure',
    async run(host) {
      await asFound(host, async (before) => {
        const [portal = ''] = host.portals;
        const volume = await host.freshVolume({ mapped: false });
        const policy = { deviceWaitMs: 6_000, deadlineMs: 20_000 };
        const attach = host.attach(requestFor(host, volume, { ...OFF, policy }, [portal]));
        attach.catch(() => undefined);
        await untilLoggedIn(host, 1);

        await host.run('iscsiadm', ['-m', 'node', '-T', volume.iqn, '-p', portal, '--logout']);

        expect(await rejection(attach)).toHaveProperty(
          'type',
          expect.stringMatching(/^(?:PortalUnreachable|LunNotFound|DeadlineExceeded)$/),
        );
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
];
