import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { requestFor, settledPart } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { asFound } from './experiment.js';

const PERSON = { requestedBy: 'operator', reason: 'the array is scrapped' };
const SOON = { withinMs: 60_000 };

/** Detaches that may lose data. */
export const forceScenarios: readonly Scenario[] = [
  {
    id: 'B-52',
    limits: ['L3'],
    claim:
      'forced, what cannot be written back is lost once a person has approved; the map is really gone',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const { volumeId } = volume;
        const portals = host.portals.slice(0, 2);
        await host.attach(requestFor(host, volume, {}, portals));
        const attached = settledPart(await host.hostState());
        await host.misbehave({ program: 'sync', how: 'fails', exitCode: 1, stderr: 'I/O error\n' });

        const detach = host.detach(volumeId, 'force');
        detach.catch(() => undefined);
        await eventually(async () => {
          expect(await host.state(volumeId)).toMatchObject({ state: 'needs-approval' });
        }, SOON);
        expect(settledPart(await host.hostState())).toEqual(attached);
        await host.mooring.approve({ volumeId, hostId: host.hostId, ...PERSON });

        const { warnings } = await detach;
        expect(warnings.join('\n')).toMatch(/approved by operator[^]*I\/O error/);
        expect(await host.hostState()).toEqual(before);
        await host.mend();
        expect(await host.attach(requestFor(host, volume, {}, portals))).toMatchObject({
          kind: 'multipath',
        });
        await host.detach(volumeId);
      });
    },
  },
];
