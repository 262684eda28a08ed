import { setTimeout as pause } from 'node:timers/promises';

const LOOK_INTERVAL_MS = 5;

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
    everyMs = LOOK_INTERVAL_MS,
  }: { readonly withinMs?: number; readonly everyMs?: number } = {},
): Promise<Seen> {
  const end = performance.now() + withinMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= end) throw error;
    }
    await pause(everyMs);
  }
}
