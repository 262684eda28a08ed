import { setTimeout as pause } from 'node:timers/promises';
import { lookPauseMs } from '../contract/policy.js';

/**
 * Looks until there is an answer or the time is over.
 *
 * @param look - `undefined` means: not yet
 * @returns the answer, or `undefined` after `waitMs`
 * @throws the signal's reason when it aborts while waiting
 */
export async function lookUntil<Seen>(
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  look: (waitedMs: number) => Promise<Seen | undefined>,
): Promise<Seen | undefined> {
  const startedAt = performance.now();
  let looks = 0;
  for (;;) {
    const waitedMs = performance.now() - startedAt;
    const seen = await look(waitedMs);
    if (seen !== undefined) return seen;
    if (performance.now() - startedAt >= waitMs) return undefined;
    await pause(lookPauseMs(looks), undefined, { signal });
    looks += 1;
  }
}
