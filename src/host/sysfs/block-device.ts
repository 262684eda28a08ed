import { ifPresent, type FileTree } from '../file-tree.js';

/** Whether the kernel refuses writes to a block device: its unit, or all units below it, take none. */
export async function isReadOnly(files: FileTree, block: string): Promise<boolean> {
  const text = await ifPresent(files.readText(`/sys/class/block/${block}/ro`));
  return text?.trim() === '1';
}
