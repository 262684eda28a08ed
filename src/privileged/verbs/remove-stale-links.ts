import { ifPresent } from '../../host/file-tree.js';
import { BY_ID_LINKS, linksOfUnit } from '../../host/stable-path.js';
import { requireWwid } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';

/**
 * Removes by-id links of a unit that lead nowhere: udev sometimes leaves them, and the next disk of
 * that name would answer to them. `led` names links that led to its disks under another name, such as
 * the serial number; one that leads anywhere stays.
 */
export async function removeStaleLinks(
  context: VerbContext,
  input: { readonly wwid: string; readonly led?: readonly string[] },
): Promise<{ readonly removed: readonly string[] }> {
  requireWwid(input.wwid);
  const names = (await ifPresent(context.files.list(BY_ID_LINKS))) ?? [];
  const removed: string[] = [];
  const led = new Set(input.led);
  const wanted = new Set([
    ...linksOfUnit(names, input.wwid),
    ...names.filter((name) => led.has(name)),
  ]);
  for (const name of wanted) {
    const link = `${BY_ID_LINKS}/${name}`;
    if ((await ifPresent(context.files.realPath(link))) !== undefined) continue;
    await context.writer.removeFile(link);
    removed.push(link);
  }
  return { removed };
}
