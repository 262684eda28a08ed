import { setTimeout as pause } from 'node:timers/promises';
import { findMap } from '../../host/sysfs/dm-map.js';
import { requireTimeout, requireWwid } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { RemovalOutcome } from '../verbs.js';
import { endFacts } from './failed-end.js';

/** udev has a new map open for a moment: `multipath -f` then ends with "map in use", exit 1. */
const PAUSE_MS = 100;
/** Each try costs as much as a program's start. */
const PAUSE_MAX_MS = 500;
/** udev looks at a map for seconds; whoever has it open longer than this has it in use. */
const BUSY_MAX_MS = 30_000;

/** Removes the multipath map over a unit. The kernel refuses while somebody has it open. */
export async function removeMap(
  context: VerbContext,
  input: { readonly wwid: string; readonly timeoutMs: number },
): Promise<RemovalOutcome> {
  requireWwid(input.wwid);
  requireTimeout(input.timeoutMs);
  const start = performance.now();
  let busy: RemovalOutcome | undefined;
  let pauseMs = PAUSE_MS;
  for (let tries = 0; ; tries += 1) {
    // Each time anew: the same unit can come back under another name.
    const map = await findMap(context.files, input.wwid);
    if (map === undefined) return { kind: tries === 0 ? 'already-gone' : 'done' };
    if (!isPlainName(map.name)) {
      return { kind: 'refused', said: `${map.block} has a name that no tool takes` };
    }
    const leftMs = input.timeoutMs - (performance.now() - start);
    const end = await context.run({
      program: 'multipath',
      args: ['-f', map.name],
      timeoutMs: Math.max(1, Math.round(leftMs)),
    });
    if ((await findMap(context.files, input.wwid)) === undefined) return { kind: 'done' };
    // A try for which hardly any time was left says less than the one before.
    if (end.timedOut) return busy ?? { kind: 'timed-out', ...endFacts(end) };
    busy = { kind: 'busy', ...endFacts(end) };
    if (performance.now() - start + pauseMs >= Math.min(input.timeoutMs, BUSY_MAX_MS)) return busy;
    await pause(pauseMs);
    pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS);
  }
}

/** multipath would take a name that begins with a dash for an option. */
function isPlainName(name: string): boolean {
  return /^[^-\s\p{C}][^\s\p{C}]*$/u.test(name);
}
