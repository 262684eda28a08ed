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
  const uuids = await Promise.all(
    blocks.map((block) => ifPresent(files.readText(`${BLOCKS}/${block}/dm/uuid`))),
  );
  const block = blocks.find((_, index) => uuids[index]?.trim() === wanted);
  const map = block === undefined ? undefined : await readDm(files, block);
  // The number may have gone to another map meanwhile.
  return map?.uuid === wanted ? map : undefined;
}

/** One device-mapper device; `undefined` when it is not, or no longer, there. */
export async function readDm(files: FileTree, block: string): Promise<DmFact | undefined> {
  const path = `${BLOCKS}/${block}`;
  const seen = await ifPresent(
    Promise.all([
      files.readText(`${path}/dm/name`),
      files.readText(`${path}/dm/uuid`),
      files.readText(`${path}/dm/suspended`),
      files.readText(`${path}/size`),
      files.list(`${path}/slaves`),
      files.list(`${path}/holders`),
    ]),
  );
  if (seen === undefined) return undefined;
  const [name, uuid, suspended, size, slaves, holders] = seen;
  return {
    block,
    name: name.trim(),
    uuid: uuid.trim(),
    sizeBytes: parseSize(size, `${path}/size`),
    suspended: suspended.trim() === '1',
    slaves,
    holders,
  };
}
