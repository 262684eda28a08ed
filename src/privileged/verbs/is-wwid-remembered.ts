import { ifPresent } from '../../host/file-tree.js';
import { WWIDS_FILE, wwidsFileHolds } from '../../host/multipath/wwids-file.js';
import { requireWwid } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';

/** Whether multipath's wwids file knows the WWID; without multipath there is no such file. */
export async function isWwidRemembered(
  context: VerbContext,
  input: { readonly wwid: string },
): Promise<boolean> {
  requireWwid(input.wwid);
  const text = await ifPresent(context.files.readText(WWIDS_FILE));
  return text !== undefined && wwidsFileHolds(text, input.wwid);
}
