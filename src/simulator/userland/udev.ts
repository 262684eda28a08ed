import type { BootEnvironment } from '../boot-environment.js';
import type { DeviceMapper } from '../kernel/device-mapper.js';
import type { ScsiDevice, ScsiLayer } from '../kernel/scsi-layer.js';
import type { Uevent, Uevents } from '../kernel/uevents.js';
import { udevSerial } from '../udev-serial.js';

interface Parts extends BootEnvironment {
  readonly scsi: ScsiLayer;
  readonly mapper: DeviceMapper;
  readonly uevents: Uevents;
}

/** What one block device claims of the links below `/dev`. */
interface Claim {
  readonly names: readonly string[];
  readonly priority: number;
}

/** Links of a map win over those of its paths. */
const MAP_PRIORITY = 50;
const DISK_PRIORITY = 0;

/**
 * udev: handles the kernel's events one after the other for each device, a moment late, keeps the
 * links below `/dev/disk` and `/dev/mapper`, and then tells its listeners.
 *
 * Not modelled: rules files, the udev database's text, links of other subsystems.
 */
export class Udev {
  readonly #parts: Parts;
  readonly #claims = new Map<string, Claim>();
  readonly #known = new Set<string>();
  /** Links somebody unlinked by hand; udev does not notice. */
  readonly #unlinked = new Set<string>();
  /** What came of it all, until something changes. */
  #links: ReadonlyMap<string, string> | undefined;
  readonly #listeners: ((event: Uevent) => void)[] = [];
  readonly #queues = new Map<string, Promise<void>>();

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.uevents.onEvent((event) => {
      if (event.action === 'remove') this.#known.delete(event.block);
      this.#queue(event);
    });
  }

  /** Calls the listener when udev is done with an event. */
  onHandled(listener: (event: Uevent) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Links by their path below `/dev` (`disk/by-id/wwn-0x…`), to a block name; some may dangle. The same
   * map until something changes.
   */
  links(): ReadonlyMap<string, string> {
    this.#links ??= this.#settleLinks();
    return this.#links;
  }

  #settleLinks(): ReadonlyMap<string, string> {
    const winners = new Map<string, { block: string; priority: number }>();
    for (const [block, { names, priority }] of this.#claims) {
      for (const name of names) {
        const rival = winners.get(name);
        if (rival === undefined || rival.priority <= priority)
          winners.set(name, { block, priority });
      }
    }
    return new Map(
      [...winners]
        .filter(([name]) => !this.#unlinked.has(name))
        .map(([name, { block }]) => [name, block]),
    );
  }

  /** Whether udev is through with the device that bears the name now. */
  knows(block: string): boolean {
    return this.#known.has(block);
  }

  unlink(name: string): void {
    this.#unlinked.add(name);
    this.#links = undefined;
  }

  #queue(event: Uevent): void {
    const before = this.#queues.get(event.block) ?? Promise.resolve();
    const handled = before.then(() => this.#handle(event));
    this.#queues.set(event.block, handled);
    void handled.then(() => {
      if (this.#queues.get(event.block) === handled) this.#queues.delete(event.block);
    });
  }

  async #handle(event: Uevent): Promise<void> {
    const { boot, durations, faults } = this.#parts;
    await boot.sleep(durations.udev + (faults.find('udev-late')?.byMs ?? 0));
    await boot.waitFor(
      () => !faults.has('udev-held'),
      () => faults.changes.next(),
      Infinity,
    );
    const claim = event.action === 'remove' ? undefined : this.#claimOf(event.block);
    if (claim !== undefined) {
      this.#known.add(event.block);
      // Of equals the last one to be handled has the link.
      this.#claims.delete(event.block);
      this.#claims.set(event.block, claim);
      for (const name of claim.names) this.#unlinked.delete(name);
    } else if (!faults.has('udev-keeps-links')) {
      this.#claims.delete(event.block);
    }
    this.#links = undefined;
    for (const listen of this.#listeners) listen(event);
  }

  /** `undefined` when the device went before udev came to it. */
  #claimOf(block: string): Claim | undefined {
    const disk = this.#parts.scsi.ofBlock(block);
    if (disk !== undefined) return { names: diskLinks(disk), priority: DISK_PRIORITY };
    const partition = this.#partitionLinks(block);
    if (partition !== undefined) return { names: partition, priority: DISK_PRIORITY };
    const map = this.#parts.mapper.ofBlock(block);
    if (map === undefined) return undefined;
    const names = [
      `mapper/${map.name}`,
      `disk/by-id/dm-name-${map.name}`,
      `disk/by-id/dm-uuid-${map.uuid}`,
    ];
    const [, part, wwid] = /^(?:part(\d+)-)?mpath-(.*)$/.exec(map.uuid) ?? [];
    const suffix = part === undefined ? '' : `-part${part}`;
    if (wwid !== undefined) names.push(`disk/by-id/scsi-${wwid}${suffix}`);
    if (wwid?.startsWith('3') === true) names.push(`disk/by-id/wwn-0x${wwid.slice(1)}${suffix}`);
    return { names, priority: MAP_PRIORITY };
  }

  /** A partition has the names of its disk, and its number behind them. */
  #partitionLinks(block: string): string[] | undefined {
    for (const disk of this.#parts.scsi.devices) {
      const partition = disk.partitions.find((each) => each.block === block);
      if (partition !== undefined) {
        return diskLinks(disk).map((name) => `${name}-part${partition.number}`);
      }
    }
    return undefined;
  }
}

function diskLinks({ model, wwid, serial, session, lun }: ScsiDevice): string[] {
  const names = wwid === '' ? [] : [`disk/by-id/scsi-${udevSerial(wwid)}`];
  if (wwid.startsWith('naa.')) names.push(`disk/by-id/wwn-0x${wwid.slice('naa.'.length)}`);
  const name = model.trim().replaceAll(/[^A-Za-z0-9#+.:=@_-]/g, '_');
  // The T10 designator. Paths of one unit share it, and a map does not take it.
  names.push(`disk/by-id/scsi-1LIO-ORG_${name}:${serial}`);
  const address = session.address.includes(':') ? `[${session.address}]` : session.address;
  names.push(`disk/by-path/ip-${address}:${session.port}-iscsi-${session.iqn}-lun-${lun}`);
  return names;
}
