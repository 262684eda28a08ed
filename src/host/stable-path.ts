import { ifPresent, type FileTree } from './file-tree.js';
import { multipathUuid } from './sysfs/dm-map.js';

export const BY_ID_LINKS = '/dev/disk/by-id';

/** A name of the device that is the same after a reboot, as far as there is one. */
export interface StablePath {
  readonly path: string;
  /** No link names this device: `path` is the kernel's name and holds for this boot only. */
  readonly onlyThisBoot: boolean;
}

/**
 * The name to hand out. For a map the link udev makes from its uuid, whether it is there already or
 * not: nothing else ever bears that name. For a single device the best link that leads to it, by its
 * NAA number, then by its WWID; else the kernel's name.
 */
export async function findStablePath(
  files: FileTree,
  device: { readonly kind: 'multipath' | 'single'; readonly block: string; readonly wwid: string },
): Promise<StablePath> {
  if (device.kind === 'multipath') return { path: mapLink(device.wwid), onlyThisBoot: false };
  for (const name of unitLinkNames(device.wwid)) {
    const link = `${BY_ID_LINKS}/${name}`;
    if (await leadsTo(files, link, device.block)) return { path: link, onlyThisBoot: false };
  }
  return { path: `/dev/${device.block}`, onlyThisBoot: true };
}

/** Whether udev has handled a disk of the unit: only then does multipathd know it. */
export async function isNamedByUdev(files: FileTree, wwid: string): Promise<boolean> {
  const links = unitLinkNames(wwid).map((name) => `${BY_ID_LINKS}/${name}`);
  const ends = await Promise.all(links.map((each) => ifPresent(files.realPath(each))));
  return ends.some((end) => end !== undefined);
}

/** The link udev makes for the multipath map over a unit. */
export function mapLink(wwid: string): string {
  return `${BY_ID_LINKS}/${mapLinkName(wwid)}`;
}

/** Whether a link leads to this block device now; udev needs a moment to set it. */
export async function leadsTo(files: FileTree, link: string, block: string): Promise<boolean> {
  return (await ifPresent(files.realPath(link))) === `/dev/${block}`;
}

/** The by-id links that lead to one of these block devices, or to a partition of one. */
export async function linksTo(
  files: FileTree,
  blocks: readonly string[],
): Promise<readonly string[]> {
  const names = (await ifPresent(files.list(BY_ID_LINKS))) ?? [];
  const ends = await Promise.all(
    names.map((name) => ifPresent(files.realPath(`${BY_ID_LINKS}/${name}`))),
  );
  const isOurs = (end: string | undefined): boolean =>
    blocks.some((block) => end?.replace(/\d*$/, '') === `/dev/${block}`);
  return names.filter((_, index) => isOurs(ends[index]));
}

/**
 * The by-id links among these names that name the unit or a partition of it, be it by path device or
 * by map. Links made from a vendor's serial (`scsi-S…`) say nothing certain and are not among them.
 */
export function linksOfUnit(names: readonly string[], wwid: string): readonly string[] {
  const wanted = new Set([...unitLinkNames(wwid), mapLinkName(wwid), `dm-name-${linkName(wwid)}`]);
  return names.filter((name) => {
    const whole = name.replace(/-part\d+$/, '').replace(/^dm-uuid-part\d+-/, 'dm-uuid-');
    return wanted.has(whole);
  });
}

function unitLinkNames(wwid: string): readonly string[] {
  const scsi = `scsi-${linkName(wwid)}`;
  const naa = /^3([0-9a-f]{16}|[0-9a-f]{32})$/.exec(wwid)?.[1];
  return naa === undefined ? [scsi] : [`wwn-0x${naa}`, scsi];
}

function mapLinkName(wwid: string): string {
  return `dm-uuid-${linkName(multipathUuid(wwid))}`;
}

/** udev puts an underscore for what it does not allow in a link's name. */
function linkName(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}#+\-.:=@_]/gu, '_');
}
