import { ifPresent } from '../../host/file-tree.js';
import { BY_ID_LINKS, linksOfUnit } from '../../host/stable-path.js';
import { requireWwid } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';

/** Removes the by-id links of a unit that lead nowhere: udev sometimes leaves them. */
export async function removeStaleLinks(
  context: VerbContext,
  input: { readonly wwid: string },
): Promise<{ readonly removed: readonly string[] }> {
  requireWwid(input.wwid);
  const names = (await ifPresent(context.files.list(BY_ID_LINKS))) ?? [];
  const removed: string[] = [];
  for (const name of linksOfUnit(names, input.wwid)) {
    const link = `${BY_ID_LINKS}/${name}`;
    if ((await ifPresent(context.files.realPath(link))) !== undefined) continue;
    await context.writer.removeFile(link);
    removed.push(link);
  }
  return { removed };
}
