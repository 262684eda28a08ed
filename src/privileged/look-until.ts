import { setTimeout as pause } from 'node:timers/promises';
import { lookPauseMs } from '../contract/policy.js';

/**
 * Looks again and again until there is something to see; the last look is at the end of the time.
 *
 * @returns `undefined` when nothing came into sight
 * @throws what a look threw: it is not taken for "not there yet"
 */
export async function lookUntil<Seen>(
  withinMs: number,
  look: () => Promise<Seen | undefined>,
): Promise<Seen | undefined> {
  const start = performance.now();
  let looks = 0;
  for (;;) {
    const seen = await look();
    const leftMs = withinMs - (performance.now() - start);
    if (seen !== undefined || leftMs <= 0) return seen;
    await pause(Math.min(lookPauseMs(looks), leftMs));
    looks += 1;
  }
}
