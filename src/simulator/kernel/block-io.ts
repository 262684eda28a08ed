import type { BootEnvironment } from '../boot-environment.js';
import { SystemError } from '../files/system-error.js';
import type { Volume } from '../storage-array.js';
import { VolumeContent } from '../volume-content.js';
import type { DeviceMapper } from './device-mapper.js';
import type { ScsiDevice, ScsiLayer } from './scsi-layer.js';
import type { Uevents } from './uevents.js';

interface Parts extends BootEnvironment {
  readonly scsi: ScsiLayer;
  readonly mapper: DeviceMapper;
  readonly uevents: Uevents;
}

/** What becomes of a request at this moment. */
type Way = { readonly to: Volume } | 'wait' | 'fail';

/**
 * Reading and writing through block devices, with a write-back cache per device: what is written
 * is dirty until it is flushed, and dirt dies with its device.
 *
 * A request on a path whose session failed waits until the session is back or given up; on a map
 * without a usable path it waits as long as the map queues. Not modelled: errors of single
 * blocks, caches of the array, the difference between buffered and direct I/O.
 */
export class BlockIo {
  readonly #parts: Parts;
  readonly #dirty = new Map<string, VolumeContent>();

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.uevents.onEvent(({ action, block }) => {
      if (action === 'remove') this.#dirty.delete(block);
    });
  }

  /** A map is read-only when a path below it is. */
  isReadOnly(block: string): boolean {
    const { scsi, mapper } = this.#parts;
    const blocks = mapper.ofBlock(block)?.slaves ?? [block];
    return blocks.some((each) => scsi.ofBlock(each)?.readOnly === true);
  }

  /**
   * @throws SystemError EACCES when it is read-only, ENOSPC beyond the end, ENXIO when the device is
   * not there
   */
  write(block: string, offset: number, bytes: Uint8Array): void {
    if (this.isReadOnly(block)) throw new SystemError('EACCES', 'open', block);
    if (offset + bytes.length > this.sizeBytes(block))
      throw new SystemError('ENOSPC', 'write', block);
    const cache = this.#dirty.get(block) ?? new VolumeContent();
    this.#dirty.set(block, cache);
    cache.write(offset, bytes);
  }

  /** @throws SystemError EIO, ENXIO */
  async read(block: string, offset: number, length: number): Promise<Uint8Array> {
    const volume = await this.#reach(block, 'read');
    const end = Math.min(offset + length, this.sizeBytes(block));
    const cache = this.#dirty.get(block) ?? new VolumeContent();
    return cache.read(offset, Math.max(0, end - offset), volume.content);
  }

  isDirty(block: string): boolean {
    return this.#dirty.get(block)?.isEmpty === false;
  }

  /**
   * Writes back what is dirty; then has the unit empty its cache, if it has one.
   *
   * @throws SystemError EIO, ENXIO
   */
  async flush(block: string): Promise<void> {
    const disks = this.#disksBelow(block);
    const { faults } = this.#parts;
    const isMeant = ({ wwid }: { readonly wwid: string }): boolean =>
      disks.some((disk) => disk.wwid === wwid);
    const quiet = !this.isDirty(block) && !disks.some(({ writeCache }) => writeCache);
    if (quiet && !faults.has('device-hangs', isMeant) && !faults.has('flush-fails', isMeant))
      return;
    const volume = await this.#reach(block, 'fsync');
    if (faults.has('flush-fails', isMeant)) throw new SystemError('EIO', 'fsync', block);
    this.#dirty.get(block)?.copyTo(volume.content);
    this.#dirty.delete(block);
  }

  /** @throws SystemError ENXIO */
  sizeBytes(block: string): number {
    const device = this.#parts.scsi.ofBlock(block) ?? this.#parts.mapper.ofBlock(block);
    if (device === undefined) throw new SystemError('ENXIO', 'open', block);
    return device.sizeBytes;
  }

  #disksBelow(block: string): ScsiDevice[] {
    const disk = this.#parts.scsi.ofBlock(block);
    if (disk !== undefined) return [disk];
    const map = this.#parts.mapper.ofBlock(block);
    return (map?.slaves ?? []).flatMap((slave) => this.#disksBelow(slave));
  }

  /** Waits for a way to the volume. */
  async #reach(block: string, syscall: string): Promise<Volume> {
    const { boot, changes } = this.#parts;
    let way = this.#wayOf(block);
    await boot.waitFor(
      () => (way = this.#wayOf(block)) !== 'wait',
      () => changes.next(),
      Infinity,
    );
    if (way === 'fail' || way === 'wait') throw new SystemError('EIO', syscall, block);
    return way.to;
  }

  #wayOf(block: string): Way {
    const disk = this.#parts.scsi.ofBlock(block);
    if (disk !== undefined) return this.#wayOfDisk(disk);
    const map = this.#parts.mapper.ofBlock(block);
    if (map === undefined) return 'fail';
    if (map.suspended) return 'wait';
    const ways = map.slaves.map((slave) => this.#wayOf(slave));
    const usable = ways.find((way) => typeof way === 'object');
    if (usable !== undefined) return usable;
    // Paths that may yet answer are tried by dm-multipath only until they fail; then it queues.
    return map.queueIfNoPath || ways.includes('wait') ? 'wait' : 'fail';
  }

  #wayOfDisk(disk: ScsiDevice): Way {
    const { faults, network, scsi } = this.#parts;
    if (faults.has('device-hangs', ({ wwid }) => wwid === disk.wwid)) return 'wait';
    if (['transport-offline', 'offline', 'cancel'].includes(disk.state)) return 'fail';
    if (disk.state === 'blocked' || !network.carries(disk.session.portal)) return 'wait';
    const unit = scsi.unit(disk);
    return unit === undefined ? 'fail' : { to: unit };
  }
}
