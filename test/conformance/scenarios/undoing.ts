import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import type { AttachRequestInput } from '../../../src/model/attach-request.js';
import { requestFor, type HostUnderTest } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { asFound, rejection, untilLoggedIn } from './experiment.js';

const OFF = { multipath: 'off' } as const;
/** From the detach to a clean host; a login would hang for 30 s and more. */
const UNDONE_WITHIN_MS = 12_000;
/** The deadline, and 45 s for the undo. */
const ANSWERED_WITHIN_MS = 75_000;
/** Pauses between tries of a cleanup grow to a minute. */
const CLEANED_WITHIN_MS = 90_000;

/** Attaches that end early. */
export const undoingScenarios: readonly Scenario[] = [
  {
    id: 'B-74',
    limits: ['L9'],
    claim: 'a detach undoes an attach that hangs at a dead portal, within seconds and for good',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const [good = '', dead = ''] = host.portals;
        await host.dropPortal(dead);
        const policy = { loginTimeoutMs: 30_000, minPaths: 2 };
        const attach = host.attach(requestFor(host, volume, { policy }, [good, dead]));
        attach.catch(() => undefined);
        await untilLoggedIn(host, 1);

        const started = performance.now();
        await host.detach(volume.volumeId);

        expect(performance.now() - started).toBeLessThan(UNDONE_WITHIN_MS);
        expect(await rejection(attach)).toMatchObject({ type: 'Cancelled' });
        expect(await host.hostState()).toEqual(before);
        // A login that went on would come through now, and leave its session behind.
        await host.restorePortals();
        const other = await host.freshVolume();
        await host.attach(requestFor(host, other, OFF, [dead]));
        await host.detach(other.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-74',
    claim: 'an attach past its deadline is undone, and says what it was waiting for',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume({ mapped: false });

        const policy = { deadlineMs: 4_000, deviceWaitMs: 60_000 };
        const attach = host.attach(
          requestFor(host, volume, { ...OFF, policy }, host.portals.slice(0, 1)),
        );

        await expect(attach).rejects.toMatchObject({ type: 'DeadlineExceeded' });
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-79',
    limits: ['L8'],
    claim: 'when the cleanup fails too, the first error is told first, and the cleanup goes on',
    run: (host) => failedCleanup(host, {}),
  },
  {
    id: 'M-11',
    limits: ['L8'],
    claim: 'without multipath as well: a cleanup that fails does not hold up the answer',
    run: (host) => failedCleanup(host, { multipath: 'off' }),
  },
];

/** The LUN is absent, and the session made for it cannot be logged out until the tool is mended. */
async function failedCleanup(
  host: HostUnderTest,
  more: Partial<AttachRequestInput>,
): Promise<void> {
  await asFound(host, async (before) => {
    const volume = { ...(await host.freshVolume()), lun: 251 };
    await host.misbehave({
      program: 'iscsiadm',
      how: 'fails',
      matching: '--logout',
      exitCode: 10,
      stderr: 'iscsiadm: initiator reported error (10 - iSCSI logout failed)\n',
    });
    const policy = { deviceWaitMs: 500, deadlineMs: 15_000 };
    const request = requestFor(host, volume, { ...more, policy }, host.portals.slice(0, 1));

    const error = await rejection(host.mooring.attach(request, { timeoutMs: ANSWERED_WITHIN_MS }));

    // The answer does not wait for a cleanup that takes long, and says how far that is.
    expect(error).toMatchObject({ type: 'LunNotFound', facts: { undoFinished: false } });
    expect(await host.state(volume.volumeId)).toMatchObject({ state: 'cleaning-up' });
    expect((await host.hostState()).sessions).toHaveLength(1);
    await host.mend();
    await eventually(async () => expect(await host.hostState()).toEqual(before), {
      withinMs: CLEANED_WITHIN_MS,
    });
  });
}
