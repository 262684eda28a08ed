import { SystemError } from '../files/system-error.js';
import type { BootEnvironment } from '../boot-environment.js';
import { ListedMap } from '../listed-map.js';
import { udevSerial } from '../udev-serial.js';
import type { BlockNames } from './block-names.js';
import type { Uevents } from './uevents.js';

/** A device-mapper device. */
export interface DmDevice {
  readonly block: string;
  readonly minor: number;
  readonly devNumber: string;
  readonly name: string;
  /** `mpath-<wwid>`, `LVM-…` */
  readonly uuid: string;
  /** Block names in the table; a removed disk stays until the table is reloaded. */
  slaves: readonly string[];
  sizeBytes: number;
  suspended: boolean;
  /** I/O waits when no path is left, instead of failing. */
  queueIfNoPath: boolean;
}

export interface DmTable {
  readonly name: string;
  readonly uuid: string;
  readonly slaves: readonly string[];
  readonly sizeBytes: number;
}

interface Parts extends BootEnvironment {
  readonly names: BlockNames;
  readonly uevents: Uevents;
  /** Opens, mounts, swap of a block device. */
  readonly usersOf: (block: string) => number;
}

/** device-mapper: tables over other block devices. Multipath's targets and what lies above them. */
export class DeviceMapper {
  readonly #parts: Parts;
  readonly #devices = new ListedMap<string, DmDevice>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get devices(): readonly DmDevice[] {
    return this.#devices.list;
  }

  ofBlock(block: string): DmDevice | undefined {
    return this.#devices.get(block);
  }

  ofName(name: string): DmDevice | undefined {
    return this.devices.find((device) => device.name === name);
  }

  ofUuid(uuid: string): DmDevice | undefined {
    return this.devices.find((device) => device.uuid === uuid);
  }

  /** Devices whose table refers to a block device. */
  holdersOf(block: string): DmDevice[] {
    return this.devices.filter((device) => device.slaves.includes(block));
  }

  openCount(block: string): number {
    const uuid = this.ofBlock(block)?.uuid;
    const held = this.#parts.faults.has(
      'map-held-open',
      ({ wwid }) => `mpath-${udevSerial(wwid)}` === uuid,
    );
    return this.#parts.usersOf(block) + this.holdersOf(block).length + (held ? 1 : 0);
  }

  create(table: DmTable): DmDevice {
    const name = this.#parts.names.takeMap();
    const device: DmDevice = { ...name, ...table, suspended: false, queueIfNoPath: true };
    this.#devices.set(device.block, device);
    this.#parts.uevents.announce({ action: 'add', block: device.block });
    this.#parts.changes.ring();
    return device;
  }

  reload(device: DmDevice, table: { slaves?: readonly string[]; sizeBytes?: number }): void {
    device.slaves = table.slaves ?? device.slaves;
    device.sizeBytes = table.sizeBytes ?? device.sizeBytes;
    this.#parts.uevents.announce({ action: 'change', block: device.block });
    this.#parts.changes.ring();
  }

  setSuspended(device: DmDevice, suspended: boolean): void {
    device.suspended = suspended;
    this.#parts.changes.ring();
  }

  setQueueing(device: DmDevice, queueIfNoPath: boolean): void {
    if (device.queueIfNoPath === queueIfNoPath) return;
    device.queueIfNoPath = queueIfNoPath;
    this.#parts.changes.ring();
  }

  /** @throws SystemError EBUSY while somebody has it open */
  remove(device: DmDevice): void {
    if (this.openCount(device.block) > 0) throw new SystemError('EBUSY', 'ioctl', device.name);
    if (!this.#devices.delete(device.block)) return;
    this.#parts.names.freeMap(device.minor);
    this.#parts.uevents.announce({ action: 'remove', block: device.block });
    this.#parts.changes.ring();
  }
}
