import { setTimeout as pause } from 'node:timers/promises';

/** What has not come for long is looked for less often: looks cost whoever is waited for its time. */
const PAUSE_MIN_MS = 5;
const PAUSE_MAX_MS = 250;
const PAUSE_SHARE = 0.05;

/**
 * Repeats an assertion until it holds, and fails with its last error when the time is up.
 *
 * @param bounds.everyMs - more than the default for a look that is no trifle to who answers it
 * @returns what the assertion returned
 */
export async function eventually<Seen>(
  assertion: () => Seen | Promise<Seen>,
  {
    withinMs = 2_000,
    everyMs = PAUSE_MIN_MS,
  }: { readonly withinMs?: number; readonly everyMs?: number } = {},
): Promise<Seen> {
  const start = performance.now();
  const end = start + withinMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= end) throw error;
    }
    const grownMs = Math.min(PAUSE_MAX_MS, (performance.now() - start) * PAUSE_SHARE);
    await pause(Math.max(everyMs, grownMs));
  }
}
