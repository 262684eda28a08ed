import { expect } from 'vitest';
import { requestFor } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { asFound, untilLoggedIn } from './experiment.js';

const OFF = { multipath: 'off' } as const;

/** Several attachments at the same time, on one host. */
export const sharingScenarios: readonly Scenario[] = [
  {
    id: 'B-66',
    claim: 'two LUNs of one target at the same time: one login a portal, both devices',
    async run(host) {
      const before = await host.hostState();
      const portals = host.portals.slice(0, 2);
      const [one, two] = [await host.freshVolume(), await host.freshVolume()];

      const [first, second] = await Promise.all([
        host.attach(requestFor(host, one, {}, portals)),
        host.attach(requestFor(host, two, {}, portals)),
      ]);

      const { sessions, scsiDevices } = await host.hostState();
      expect(sessions).toHaveLength(2);
      expect(scsiDevices).toHaveLength(4);
      expect(first).toMatchObject({ state: 'attached', wwid: one.wwid });
      expect(second).toMatchObject({ state: 'attached', wwid: two.wwid });
      await Promise.all([host.detach(one.volumeId), host.detach(two.volumeId)]);
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-67',
    limits: ['L21'],
    claim: 'a session is not logged out under an attach that has not found its LUN yet',
    async run(host) {
      await asFound(host, async (before) => {
        const portals = host.portals.slice(0, 1);
        const leaving = await host.freshVolume();
        const coming = await host.freshVolume({ mapped: false });
        await host.attach(requestFor(host, leaving, OFF, portals));
        const { sessions, runTree } = await host.hostState();
        const attach = host.attach(requestFor(host, coming, OFF, portals));
        attach.catch(() => undefined);
        await expect
          .poll(async () => (await host.hostState()).runTree.length, { timeout: 15_000 })
          .toBeGreaterThan(runTree.length);

        const { kept } = await host.detach(leaving.volumeId);
        expect(kept).toHaveLength(1);
        await host.mapVolume(coming);

        expect(await attach).toMatchObject({ state: 'attached', wwid: coming.wwid });
        expect((await host.hostState()).sessions).toEqual(sessions);
        await host.detach(coming.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-68',
    limits: ['L20'],
    claim: "an attach does not wait for another target's dead portal",
    async run(host) {
      await asFound(host, async (before) => {
        const [good = '', dead = ''] = host.portals;
        const { iqn } = await host.addTarget();
        const stuck = await host.freshVolume({ iqn });
        const volume = await host.freshVolume();
        await host.dropPortal(dead);
        let isStuck = true;
        const policy = { loginTimeoutMs: 30_000 };
        const waiting = host
          .attach(requestFor(host, stuck, { ...OFF, policy }, [dead]))
          .catch(() => undefined)
          .finally(() => {
            isStuck = false;
          });

        const result = await host.attach(requestFor(host, volume, OFF, [good]));

        expect(result).toMatchObject({ state: 'attached', wwid: volume.wwid });
        expect(isStuck).toBe(true);
        await host.detach(volume.volumeId);
        await host.detach(stuck.volumeId);
        await waiting;
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'M-10',
    claim: 'two volumes that come and go over the same portals never disturb each other',
    async run(host) {
      const before = await host.hostState();
      const portals = host.portals.slice(0, 1);
      const [one, two] = [await host.freshVolume(), await host.freshVolume()];
      await host.attach(requestFor(host, one, OFF, portals));

      for (let round = 0; round < 3; round += 1) {
        const [coming, leaving] = round % 2 === 0 ? [two, one] : [one, two];
        const [attached] = await Promise.all([
          host.attach(requestFor(host, coming, OFF, portals)),
          host.detach(leaving.volumeId),
        ]);
        expect(attached).toMatchObject({ state: 'attached', wwid: coming.wwid });
        await untilLoggedIn(host, 1);
      }

      await host.detach(two.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-78',
    claim: 'a second worker for the same host refuses to start, and the first goes on',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();

      const second = await host.startSecondWorker();

      expect(second.exitCode).toBeGreaterThan(0);
      expect(second.stdout + second.stderr).toContain(host.hostId);
      const result = await host.attach(requestFor(host, volume, OFF, host.portals.slice(0, 1)));
      expect(result).toMatchObject({ state: 'attached', wwid: volume.wwid });
      await host.detach(volume.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
];
