import { FIXED_BOUNDS } from '../../contract/policy.js';
import { findMap } from '../../host/sysfs/dm-map.js';
import { requireWwid } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { RemovalOutcome } from '../verbs.js';
import { failedEnd } from './failed-end.js';

/**
 * Has the map over a unit fail its I/O instead of keeping it for a path that may come back. What it
 * keeps is lost by that.
 */
export async function disableQueueing(
  context: VerbContext,
  input: { readonly wwid: string },
): Promise<RemovalOutcome> {
  requireWwid(input.wwid);
  const map = await findMap(context.files, input.wwid);
  if (map === undefined) return { kind: 'already-gone' };
  const end = await context.run({
    program: 'multipathd',
    args: ['disablequeueing', 'map', input.wwid],
    timeoutMs: FIXED_BOUNDS.toolTimeoutMs,
  });
  return end.exitCode === 0 && !end.timedOut ? { kind: 'done' } : failedEnd(end);
}
