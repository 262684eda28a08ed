import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { requestFor } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { asFound } from './experiment.js';

const PATTERN = 'kept across a boot';
/** An emulated host boots in 15 s and more, its worker starts in as long again. */
const RECOVERED = { withinMs: 180_000 };
const NOT_BACK = { onBoot: 'none' } as const;

/** A reboot takes sessions, devices and every kernel name away, and gives the names to others. */
export const rebootScenarios: readonly Scenario[] = [
  {
    id: 'B-72',
    limits: ['L18'],
    claim: 'a detach after a reboot ends with a clean host, though nothing of the volume is there',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const portals = host.portals.slice(0, 2);
        const { device } = await host.attach(requestFor(host, volume, NOT_BACK, portals));
        await host.write(device, PATTERN);

        await host.reboot('clean');
        expect((await host.hostState()).sessions).toEqual([]);
        const result = await host.detach(volume.volumeId);

        expect(result).toMatchObject({ state: 'detached', warnings: [] });
        expect(await host.hostState()).toEqual(before);
        const again = await host.attach(requestFor(host, volume, {}, portals));
        expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
        await host.detach(volume.volumeId);
      });
    },
  },
  {
    id: 'B-73',
    limits: ['L17', 'L18'],
    claim:
      'after a reboot a wanted volume is attached again by itself: same link, same data, new names',
    async run(host) {
      await asFound(host, async (before) => {
        const portals = host.portals.slice(0, 2);
        const passing = await host.freshVolume();
        const volume = await host.freshVolume();
        // Has the first names, which are the volume's after the boot.
        await host.attach(requestFor(host, passing, {}, portals));
        const attached = await host.attach(requestFor(host, volume, {}, portals));
        await host.write(attached.stablePath, PATTERN);
        await host.detach(passing.volumeId);

        await host.reboot('power cut');

        const { stablePath, wwid } = attached;
        const back = await eventually(async () => {
          const state = await host.state(volume.volumeId);
          expect(state).toMatchObject({ state: 'attached', stablePath, wwid });
          expect(state.bootId).not.toBe(attached.bootId);
          return state;
        }, RECOVERED);
        expect(await host.resolveLink(stablePath)).toBe(back.device);
        expect(await host.read(stablePath, PATTERN.length)).toBe(PATTERN);
        const { volumeId } = volume;
        const verified = await host.mooring.verify({ volumeId, hostId: host.hostId });
        expect(verified).toMatchObject({ holds: true, differences: [] });
        await host.detach(volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'G-01',
    claim: 'names of an earlier boot decide nothing: who bears them now is left alone',
    async run(host) {
      await asFound(host, async () => {
        const portals = host.portals.slice(0, 1);
        const off = { multipath: 'off' } as const;
        const leaving = await host.freshVolume();
        const staying = await host.freshVolume();
        const before = await host.attach(
          requestFor(host, leaving, { ...off, ...NOT_BACK }, portals),
        );
        await host.write(before.device, PATTERN);

        await host.reboot('clean');
        // The only volume that comes up has the names the other one had.
        const now = await host.attach(requestFor(host, staying, off, portals));
        expect(now.device).toBe(before.device);
        await host.write(now.device, 'of somebody else');
        await host.detach(leaving.volumeId);

        expect(await host.state(staying.volumeId)).toMatchObject({ state: 'attached' });
        expect(await host.read(now.device, 'of somebody else'.length)).toBe('of somebody else');
        await host.detach(staying.volumeId);
        const again = await host.attach(requestFor(host, leaving, off, portals));
        expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
        await host.detach(leaving.volumeId);
      });
    },
  },
];
