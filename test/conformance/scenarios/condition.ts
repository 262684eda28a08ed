import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { requestFor } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { asFound, untilLoggedIn } from './experiment.js';

const OFF = { multipath: 'off' } as const;
const STRAGGLERS = { withinMs: 90_000 };
/** Far less than what the kernel gives a dead path; a look that asked the path would take that. */
const LOOK_MS = 20_000;

/** What condition paths and units are in, and what mooring makes of it. */
export const conditionScenarios: readonly Scenario[] = [
  {
    id: 'M-14',
    limits: ['L16'],
    claim: 'a path whose portal was dead at the attach joins by itself when the portal is back',
    async run(host) {
      await asFound(host, async (before) => {
        const [good = '', dead = ''] = host.portals;
        const volume = await host.freshVolume();
        await host.dropPortal(dead);
        const policy = { loginTimeoutMs: 2_000, retryPathsMinMs: 500, retryPathsMaxMs: 2_000 };
        const { state, device } = await host.attach(
          requestFor(host, volume, { policy }, [good, dead]),
        );
        expect(state).toBe('degraded');

        await host.restorePortals();

        await eventually(async () => {
          expect(await host.state(volume.volumeId)).toMatchObject({ state: 'attached' });
          expect(await host.slavesOf(device)).toHaveLength(2);
        }, STRAGGLERS);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'M-15',
    limits: ['L26'],
    claim: 'a path that hangs holds up no plan, no look and no repair',
    async run(host) {
      await asFound(host, async (before) => {
        const portals = host.portals.slice(0, 2);
        const [, hung = ''] = portals;
        const volume = await host.freshVolume();
        const { volumeId } = volume;
        const { device } = await host.attach(requestFor(host, volume, {}, portals));
        await host.dropPortal(hung);
        const request = { volumeId, hostId: host.hostId };
        const options = { timeoutMs: LOOK_MS };

        const plan = await host.mooring.plan(request, options);
        const seen = await host.mooring.verify(request, options);
        const repaired = await host.mooring.repair(request, options);

        expect(plan).toMatchObject({ possible: true, operation: 'detach' });
        expect(seen).toMatchObject({ volumeId });
        expect(repaired).toMatchObject({ device, wwid: volume.wwid });
        await host.restorePortals();
        await untilLoggedIn(host, portals.length);
        await host.detach(volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'M-16',
    limits: ['L27'],
    claim: 'a unit that takes no writes is said to be read-only, as a path and as a map',
    async run(host) {
      await asFound(host, async () => {
        const { iqn, portals } = await host.addTarget({ readOnly: true });
        const volume = await host.freshVolume({ iqn });
        for (const more of [OFF, {}]) {
          const result = await host.attach(requestFor(host, volume, more, portals.slice(0, 1)));
          expect(result.warnings.join()).toContain('read-only');
          await host.detach(volume.volumeId);
        }
      });
    },
  },
  {
    id: 'M-17',
    limits: ['L27'],
    claim: 'a volume of another size than expected is refused, and nothing of it stays',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();
      const expected = { sizeBytes: 2 * volume.sizeBytes };
      for (const more of [OFF, {}]) {
        const request = requestFor(host, volume, { ...more, expect: expected }, [
          host.portals[0] ?? '',
        ]);

        await expect(host.attach(request)).rejects.toMatchObject({ type: 'WrongVolume' });

        expect(await host.hostState()).toEqual(before);
      }
    },
  },
];
