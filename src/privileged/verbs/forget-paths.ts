import { FIXED_BOUNDS } from '../../contract/policy.js';
import { ifPresent } from '../../host/file-tree.js';
import { requireWwid } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { RemovalOutcome } from '../verbs.js';
import { endFacts } from './failed-end.js';
import { listMonitoredPaths } from './list-monitored-paths.js';

/**
 * Has multipathd drop the paths of a unit whose devices are gone. Its own handling of the kernel's
 * events may be late, and would then tear down the map of a quick re-attach.
 */
export async function forgetPaths(
  context: VerbContext,
  input: { readonly wwid: string },
): Promise<RemovalOutcome> {
  requireWwid(input.wwid);
  const stale = await stalePaths(context, input.wwid);
  if (stale === undefined) return { kind: 'failed', said: 'multipathd gives no answer' };
  if (stale.length === 0) return { kind: 'already-gone' };
  for (const block of stale) {
    const end = await context.run({
      program: 'multipathd',
      args: ['del', 'path', block],
      timeoutMs: FIXED_BOUNDS.toolTimeoutMs,
    });
    if (end.timedOut) return { kind: 'timed-out', ...endFacts(end) };
  }
  // Not the code decides: `del path` fails for a path that multipathd dropped just before.
  const left = await stalePaths(context, input.wwid);
  if (left?.length === 0) return { kind: 'done' };
  return { kind: 'failed', said: `multipathd still has ${left?.join(', ') ?? 'no answer'}` };
}

async function stalePaths(context: VerbContext, wwid: string): Promise<string[] | undefined> {
  const monitored = await listMonitoredPaths(context);
  if (monitored === undefined) return undefined;
  const stale: string[] = [];
  for (const path of monitored) {
    if (path.wwid !== wwid) continue;
    // A name the kernel has given to another device by now is none of ours.
    const there = await ifPresent(context.files.realPath(`/sys/class/block/${path.block}`));
    if (there === undefined) stale.push(path.block);
  }
  return stale;
}
