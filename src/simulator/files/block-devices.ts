import type { RunningHost } from '../linux-host.js';
import { PLACES } from './sysfs-places.js';

/** A block device with its place in `/sys/devices`. */
export interface BlockDevice {
  readonly block: string;
  readonly devNumber: string;
  readonly place: string;
}

/** Every block device the kernel shows: disks, their partitions, device-mapper's. */
export function blockDevices({
  scsi,
  mapper,
}: Pick<RunningHost, 'scsi' | 'mapper'>): readonly BlockDevice[] {
  return [
    ...scsi.devices.flatMap((disk) => [
      { block: disk.block, devNumber: disk.devNumber, place: PLACES.disk(disk) },
      ...disk.partitions.map(({ block, devNumber }) => ({
        block,
        devNumber,
        place: `${PLACES.disk(disk)}/${block}`,
      })),
    ]),
    ...mapper.devices.map((map) => ({
      block: map.block,
      devNumber: map.devNumber,
      place: PLACES.map(map),
    })),
  ];
}
