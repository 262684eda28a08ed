import type { RunningHost } from '../linux-host.js';
import type { DmDevice } from '../kernel/device-mapper.js';
import type { ScsiDevice } from '../kernel/scsi-layer.js';
import { attribute, directory, link, links, listing, type Directory } from './entries.js';
import { PLACES } from './sysfs-places.js';

const SECTOR_BYTES = 512;

/** Where a block device is, gone or not: `slaves` may still name one that went. */
export function blockPlace({ scsi, mapper }: RunningHost, block: string): string {
  const disk = scsi.ofBlock(block);
  if (disk !== undefined) return PLACES.disk(disk);
  const map = mapper.ofBlock(block);
  return map === undefined ? `/sys/devices/gone/${block}` : PLACES.map(map);
}

/** `…/block/sdX` */
export function diskDirectory(host: RunningHost, device: ScsiDevice): Directory {
  return directory({
    dev: () => attribute(device.devNumber),
    size: () => attribute(device.sizeBytes / SECTOR_BYTES),
    ro: () => attribute(0),
    removable: () => attribute(0),
    device: () => link(PLACES.device(device)),
    subsystem: () => link('/sys/class/block'),
    holders: () => holders(host, device.block),
    slaves: () => directory({}),
    queue: () => directory({ logical_block_size: () => attribute(SECTOR_BYTES) }),
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

function mapDirectory(host: RunningHost, map: DmDevice): Directory {
  return directory({
    dev: () => attribute(map.devNumber),
    size: () => attribute(map.sizeBytes / SECTOR_BYTES),
    ro: () => attribute(0),
    removable: () => attribute(0),
    subsystem: () => link('/sys/class/block'),
    dm: () =>
      directory({
        name: () => attribute(map.name),
        uuid: () => attribute(map.uuid),
        suspended: () => attribute(map.suspended ? 1 : 0),
      }),
    slaves: () => links(() => new Map(map.slaves.map((slave) => [slave, blockPlace(host, slave)]))),
    holders: () => holders(host, map.block),
  });
}

function holders({ mapper }: RunningHost, block: string): Directory {
  return links(() => new Map(mapper.holdersOf(block).map((holder) => [holder.block, PLACES.map(holder)])));
}
