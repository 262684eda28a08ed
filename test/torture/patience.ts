import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 40;
const SETTLED_LOOKS = 4;
const SETTLE_MAX_MS = 4_000;

/** Looks until nothing changes any more; the last look, also when the time is up. */
export async function settled<Seen>(look: () => Promise<Seen>): Promise<Seen> {
  const end = performance.now() + SETTLE_MAX_MS;
  let latest = await look();
  for (let same = 0; same < SETTLED_LOOKS && performance.now() < end;) {
    await pause(LOOK_MS);
    const next = await look();
    same = JSON.stringify(next) === JSON.stringify(latest) ? same + 1 : 0;
    latest = next;
  }
  return latest;
}

/** A look that takes longer than so many pauses says that the machine is busy. */
const PAUSES_A_LOOK_MAX = 2;

/**
 * Waits until a condition holds; whether it did before the time was up. Of a look that itself takes
 * long only a little counts: where everything waits for its turn, nothing is judged for being late.
 */
export async function holdsWithin(
  ms: number,
  condition: () => boolean | Promise<boolean>,
  everyMs = 250,
): Promise<boolean> {
  for (let passedMs = 0; ;) {
    const begin = performance.now();
    if (await condition()) return true;
    if (passedMs >= ms) return false;
    await pause(everyMs);
    passedMs += Math.min(performance.now() - begin, PAUSES_A_LOOK_MAX * everyMs);
  }
}

/** What comes within the time; `undefined` when nothing does, or an error. */
export async function withinOrNothing<Answer>(
  ms: number,
  answer: Promise<Answer>,
): Promise<Answer | undefined> {
  const late = new AbortController();
  try {
    return await Promise.race([
      answer.catch(() => undefined),
      pause(ms, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
  } finally {
    late.abort();
  }
}
