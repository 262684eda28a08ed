import type { RunningHost } from '../linux-host.js';
import { byName } from '../listed-map.js';
import { PLACES } from './sysfs-places.js';

/** A block device with its place in `/sys/devices`. */
export interface BlockDevice {
  readonly block: string;
  readonly devNumber: string;
  readonly place: string;
}

/** By the disks there are: the device-mapper devices that were there then, and all of it. */
const known = new WeakMap<
  readonly unknown[],
  { maps: readonly unknown[]; all: readonly BlockDevice[] }
>();
const ofName = byName(({ block }: BlockDevice) => block);

/**
 * Every block device the kernel shows: disks, their partitions, device-mapper's. The same list for as
 * long as there are the same.
 */
export function blockDevices({
  scsi: { devices: disks },
  mapper: { devices: maps },
}: Pick<RunningHost, 'scsi' | 'mapper'>): readonly BlockDevice[] {
  const before = known.get(disks);
  if (before?.maps === maps) return before.all;
  const all = [
    ...disks.flatMap((disk) => [
      { block: disk.block, devNumber: disk.devNumber, place: PLACES.disk(disk) },
      ...disk.partitions.map(({ block, devNumber }) => ({
        block,
        devNumber,
        place: `${PLACES.disk(disk)}/${block}`,
      })),
    ]),
    ...maps.map((map) => ({
      block: map.block,
      devNumber: map.devNumber,
      place: PLACES.map(map),
    })),
  ];
  known.set(disks, { maps, all });
  return all;
}

/** The block device of a name (`sda`, `dm-0`). */
export function blockDevice(
  host: Pick<RunningHost, 'scsi' | 'mapper'>,
  name: string,
): BlockDevice | undefined {
  return ofName(blockDevices(host), name);
}
