import type { DmFact } from '../facts.js';
import { ifPresent, type FileTree } from '../file-tree.js';
import { parseSize } from './scsi-device.js';

const BLOCKS = '/sys/class/block';
const MULTIPATH_UUID = 'mpath-';

/** The dm uuid of the multipath map over a unit. */
export function multipathUuid(wwid: string): string {
  return `${MULTIPATH_UUID}${wwid}`;
}

/**
 * The multipath map over a unit, known by its uuid and by nothing else: names are chosen by the
 * host's configuration, and `dm-N` is handed to the next map at once.
 */
export async function findMap(files: FileTree, wwid: string): Promise<DmFact | undefined> {
  const wanted = multipathUuid(wwid);
  const names = (await ifPresent(files.list(BLOCKS))) ?? [];
  const blocks = names.filter((name) => /^dm-\d+$/.test(name));
  const uuids = await Promise.all(blocks.map((block) => readDmAttribute(files, block, 'uuid')));
  const block = blocks.find((_, index) => uuids[index] === wanted);
  const map = block === undefined ? undefined : await readDm(files, block);
  // The number may have gone to another map meanwhile.
  return map?.uuid === wanted ? map : undefined;
}

/** One device-mapper device; `undefined` when it is not, or no longer, there. */
export async function readDm(files: FileTree, block: string): Promise<DmFact | undefined> {
  const path = `${BLOCKS}/${block}`;
  const [name, uuid, suspended, size, slaves, holders] = await Promise.all([
    readDmAttribute(files, block, 'name'),
    readDmAttribute(files, block, 'uuid'),
    readDmAttribute(files, block, 'suspended'),
    ifPresent(files.readText(`${path}/size`)),
    ifPresent(files.list(`${path}/slaves`)),
    ifPresent(files.list(`${path}/holders`)),
  ]);
  // One that goes while it is read has gone.
  if (name === undefined || uuid === undefined || suspended === undefined) return undefined;
  if (size === undefined || slaves === undefined || holders === undefined) return undefined;
  const sizeBytes = parseSize(size, `${path}/size`);
  return { block, name, uuid, sizeBytes, suspended: suspended === '1', slaves, holders };
}

/**
 * What device-mapper says of one of its devices; `undefined` when it is not, or no longer, there. For a
 * device that is on its way out the kernel answers EINVAL (`dm_attr_show`).
 */
export async function readDmAttribute(
  files: FileTree,
  block: string,
  attribute: 'name' | 'uuid' | 'suspended',
): Promise<string | undefined> {
  try {
    const text = await ifPresent(files.readText(`${BLOCKS}/${block}/dm/${attribute}`));
    return text?.trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EINVAL') return undefined;
    throw error;
  }
}
