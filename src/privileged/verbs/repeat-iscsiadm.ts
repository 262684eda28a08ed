import { setTimeout as pause } from 'node:timers/promises';
import { FIXED_BOUNDS } from '../../contract/policy.js';
import { isWorthRepeating } from '../../host/iscsiadm/exit-codes.js';
import type { SaidEnd, VerbContext } from '../verb-context.js';

/** A call that stumbled over another one is made again this often, after a pause of some ms. */
const REPEATS_MAX = 3;
const PAUSE_MIN_MS = 100;
const PAUSE_SPREAD_MS = 200;
/** One that waited long for the database's lock is not made to wait again. */
const REPEAT_WITHIN_MS = 10_000;

/**
 * Makes a call that changes the node database, again when it stumbled over another one. Not its exit
 * code says whether it did its work: 6 and 21 also come when it did.
 *
 * @param look - what the call is to bring about, `undefined` as long as it is not there
 * @returns the last call's end, and what was seen after it
 */
export async function repeatIscsiadm<Seen>(
  context: VerbContext,
  args: readonly string[],
  look: () => Promise<Seen | undefined>,
): Promise<{ readonly end: SaidEnd; readonly seen: Seen | undefined }> {
  const start = performance.now();
  for (let repeats = 0; ; repeats += 1) {
    const timeoutMs = FIXED_BOUNDS.iscsiadmTimeoutMs;
    const end = await context.run({ program: 'iscsiadm', args, timeoutMs });
    const seen = await look();
    const isOver =
      seen !== undefined ||
      end.exitCode === undefined ||
      !isWorthRepeating(end.exitCode) ||
      repeats === REPEATS_MAX ||
      performance.now() - start > REPEAT_WITHIN_MS;
    if (isOver) return { end, seen };
    await pause(PAUSE_MIN_MS + Math.random() * PAUSE_SPREAD_MS);
  }
}
