import type { BlockName } from './block-names.js';

/** A partition the kernel has read from a disk's table. */
export interface Partition extends BlockName {
  readonly number: number;
  readonly startSector: number;
  readonly sizeBytes: number;
}

const SECTOR_BYTES = 512;
/** Where partitioning tools begin: 1 MiB. */
const START_SECTOR = 2_048;
/** Backup of the table at the end. */
const TAIL_SECTORS = 34;

/** Every table has one partition, over the whole disk. */
export function readPartitions(
  disk: BlockName & { readonly sizeBytes: number },
  isPartitioned: boolean,
): readonly Partition[] {
  if (!isPartitioned) return [];
  const [major, minor] = disk.devNumber.split(':').map(Number);
  return [
    {
      block: `${disk.block}1`,
      devNumber: `${major}:${(minor ?? 0) + 1}`,
      number: 1,
      startSector: START_SECTOR,
      sizeBytes: partitionBytes(disk.sizeBytes),
    },
  ];
}

export function partitionBytes(diskBytes: number): number {
  return diskBytes - (START_SECTOR + TAIL_SECTORS) * SECTOR_BYTES;
}
