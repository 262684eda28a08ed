import { FIXED_BOUNDS } from '../../contract/policy.js';
import { WWIDS_FILE } from '../../host/multipath/wwids-file.js';
import type { VerbContext } from '../verb-context.js';
import type { RemovalOutcome } from '../verbs.js';
import { failedEnd } from './failed-end.js';
import { isWwidRemembered } from './is-wwid-remembered.js';

/** Takes the WWID out of multipath's wwids file, where `multipath -f` leaves it. */
export async function forgetWwid(
  context: VerbContext,
  input: { readonly wwid: string },
): Promise<RemovalOutcome> {
  if (!(await isWwidRemembered(context, input))) return { kind: 'already-gone' };
  const end = await context.run({
    program: 'multipath',
    args: ['-w', input.wwid],
    timeoutMs: FIXED_BOUNDS.toolTimeoutMs,
  });
  if (await isWwidRemembered(context, input)) return failedEnd(end);
  // multipath leaves the file to the kernel, which may keep it half a minute in memory only.
  await context.writer.keepFile(WWIDS_FILE);
  return { kind: 'done' };
}
