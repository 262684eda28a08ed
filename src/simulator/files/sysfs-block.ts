import type { RunningHost } from '../linux-host.js';
import type { DmDevice } from '../kernel/device-mapper.js';
import type { Partition } from '../kernel/partitions.js';
import type { ScsiDevice } from '../kernel/scsi-layer.js';
import {
  attribute,
  directory,
  fixed,
  link,
  links,
  listing,
  viewed,
  type Directory,
} from './entries.js';
import { PLACES } from './sysfs-places.js';

const SECTOR_BYTES = 512;

/** Where a block device is, gone or not: `slaves` may still name one that went. */
function blockPlace({ scsi, mapper }: RunningHost, block: string): string {
  const disk = scsi.ofBlock(block);
  if (disk !== undefined) return PLACES.disk(disk);
  const map = mapper.ofBlock(block);
  return map === undefined ? `/sys/devices/gone/${block}` : PLACES.map(map);
}

/** `…/block/sdX`, with a directory for each partition. */
export function diskDirectory(host: RunningHost, device: ScsiDevice): Directory {
  const above = holders(host, device.block);
  const below = fixed({});
  const queue = fixed({ logical_block_size: attribute(SECTOR_BYTES) });
  const partitionOf = (name: string): Partition | undefined =>
    device.partitions.find(({ block }) => block === name);
  const own = directory({
    dev: () => attribute(device.devNumber),
    size: () => attribute(device.sizeBytes / SECTOR_BYTES),
    ro: () => attribute(device.readOnly ? 1 : 0),
    removable: () => attribute(0),
    device: () => link(PLACES.device(device)),
    subsystem: () => link('/sys/class/block'),
    holders: () => above,
    slaves: () => below,
    queue: () => queue,
  });
  return listing(
    () => [...own.names(), ...device.partitions.map(({ block }) => block)],
    (name) => {
      const partition = partitionOf(name);
      return partition === undefined ? own.child(name) : partitionDirectory(host, partition);
    },
  );
}

/** `…/sdX/sdX1` */
function partitionDirectory(host: RunningHost, partition: Partition): Directory {
  const above = holders(host, partition.block);
  return directory({
    dev: () => attribute(partition.devNumber),
    partition: () => attribute(partition.number),
    start: () => attribute(partition.startSector),
    size: () => attribute(partition.sizeBytes / SECTOR_BYTES),
    ro: () => attribute(0),
    subsystem: () => link('/sys/class/block'),
    holders: () => above,
  });
}

/** `/sys/devices/virtual/block` */
export function mapsDirectory(host: RunningHost): Directory {
  return listing(
    () => host.mapper.devices.map(({ block }) => block),
    (block) => {
      const map = host.mapper.ofBlock(block);
      return map === undefined ? undefined : mapDirectory(host, map);
    },
  );
}

const mapDirectory = viewed((host: RunningHost, map: DmDevice): Directory => {
  const above = holders(host, map.block);
  const slaves = links(() => map.slaves, {
    name: (slave) => slave,
    target: (slave) => blockPlace(host, slave),
  });
  const dm = directory({
    name: () => attribute(map.name),
    uuid: () => attribute(map.uuid),
    suspended: () => attribute(map.suspended ? 1 : 0),
  });
  return directory({
    dev: () => attribute(map.devNumber),
    size: () => attribute(map.sizeBytes / SECTOR_BYTES),
    ro: () => attribute(host.io.isReadOnly(map.block) ? 1 : 0),
    removable: () => attribute(0),
    subsystem: () => link('/sys/class/block'),
    dm: () => dm,
    slaves: () => slaves,
    holders: () => above,
  });
});

function holders({ mapper }: RunningHost, block: string): Directory {
  return links(() => mapper.holdersOf(block), { name: (map) => map.block, target: PLACES.map });
}
