import { partitionBytes } from '../kernel/partitions.js';
import type { DeviceMapper, DmDevice } from '../kernel/device-mapper.js';
import type { ScsiLayer } from '../kernel/scsi-layer.js';
import { isMultipath } from './map-queueing.js';
import type { Udev } from './udev.js';

/** kpartx, run by udev's rules: makes a device for the partition of a multipath map. */
export function watchPartitions(parts: {
  readonly scsi: ScsiLayer;
  readonly mapper: DeviceMapper;
  readonly udev: Udev;
}): void {
  const { scsi, mapper, udev } = parts;
  udev.onHandled(({ action, block }) => {
    const map = mapper.ofBlock(block);
    if (action === 'remove' || map === undefined || !isMultipath(map)) return;
    const disks = map.slaves.flatMap((slave) => scsi.ofBlock(slave) ?? []);
    const isPartitioned = disks.some((disk) => scsi.unit(disk)?.partitioned === true);
    if (!isPartitioned || partitionMapsOf(mapper, map).length > 0) return;
    const name = `${map.name}-part1`;
    const sizeBytes = partitionBytes(map.sizeBytes);
    mapper.create({ name, uuid: `part1-${map.uuid}`, slaves: [map.block], sizeBytes });
  });
}

/** Devices over the partitions of a multipath map. */
export function partitionMapsOf(mapper: DeviceMapper, map: DmDevice): DmDevice[] {
  return mapper.holdersOf(map.block).filter(({ uuid }) => uuid === `part1-${map.uuid}`);
}

/** Whether somebody has a multipath map open, its unused partition devices aside. */
export function isMapInUse(mapper: DeviceMapper, map: DmDevice): boolean {
  const partitions = partitionMapsOf(mapper, map);
  return (
    mapper.openCount(map.block) > partitions.length ||
    partitions.some(({ block }) => mapper.openCount(block) > 0)
  );
}

/** Takes a multipath map away as multipath-tools do: its partition devices first. */
export function removeMap(mapper: DeviceMapper, map: DmDevice): void {
  for (const partition of partitionMapsOf(mapper, map)) mapper.remove(partition);
  mapper.remove(map);
}
