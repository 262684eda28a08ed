import { ifPresent, type FileTree } from './file-tree.js';

const BLOCKS = '/sys/class/block';

/** The kernel's partitions on a block device: `sdb1`, `sdb2`. */
export async function partitionsOf(files: FileTree, block: string): Promise<string[]> {
  const path = `${BLOCKS}/${block}`;
  const names = ((await ifPresent(files.list(path))) ?? []).filter((name) =>
    name.startsWith(block),
  );
  const marks = await Promise.all(
    names.map((name) => ifPresent(files.readText(`${path}/${name}/partition`))),
  );
  return names.filter((_, index) => marks[index] !== undefined);
}
