import type { BootEnvironment } from '../boot-environment.js';
import { SystemError } from '../files/system-error.js';
import { byName, ListedMap } from '../listed-map.js';
import type { Volume } from '../storage-array.js';
import type { BlockNames } from './block-names.js';
import { readPartitions, type Partition } from './partitions.js';
import type { Session } from './session.js';
import type { Uevents } from './uevents.js';

/** A disk as the kernel knows it: identity and size are from the last time it asked. */
export interface ScsiDevice {
  readonly hctl: string;
  readonly lun: number;
  readonly session: Session;
  readonly block: string;
  readonly devNumber: string;
  /** The same for every unit of a LIO with file backstores. */
  model: string;
  wwid: string;
  serial: string;
  sizeBytes: number;
  writeCache: boolean;
  readonly readOnly: boolean;
  /** As they were when the kernel last read the table. */
  partitions: readonly Partition[];
  state: 'running' | 'blocked' | 'transport-offline' | 'offline' | 'cancel';
}

/** What a scan asks for; absent: the wildcard. */
export interface ScanPattern {
  readonly channel?: number;
  readonly target?: number;
  readonly lun?: number;
}

interface Parts extends BootEnvironment {
  readonly names: BlockNames;
  readonly uevents: Uevents;
  /** Whether somebody still refers to a disk: its name is not given away before. */
  readonly isHeld: (block: string) => boolean;
}

const diskOfBlock = byName(({ block }: ScsiDevice) => block);

/**
 * The SCSI mid layer for disks behind sessions.
 *
 * Shows the kernel's blindness on purpose: a unit that was exchanged keeps its old WWID until a
 * rescan, one that was unmapped stays as a device, a scan of an existing address changes nothing.
 * Not modelled: devices that are no disks, targets other than 0:0, LUN inventories that lie,
 * asynchronous probing (a scan returns when the disks are there, as seen in the lab).
 */
export class ScsiLayer {
  readonly #parts: Parts;
  readonly #devices = new ListedMap<string, ScsiDevice>();
  /** Names of removed disks that somebody may still hold. */
  readonly #removedNames = new Set<string>();
  /** When a unit was first asked for, by session and LUN. */
  readonly #firstAsked = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get devices(): readonly ScsiDevice[] {
    return this.#devices.list;
  }

  device(hctl: string): ScsiDevice | undefined {
    return this.#devices.get(hctl);
  }

  ofBlock(block: string): ScsiDevice | undefined {
    return diskOfBlock(this.devices, block);
  }

  ofSession(sid: number): ScsiDevice[] {
    return this.devices.filter((device) => device.session.sid === sid);
  }

  /** The volume that would answer the device's I/O now. */
  unit(device: Pick<ScsiDevice, 'session' | 'lun'>): Volume | undefined {
    const { iqn, portal } = device.session;
    return this.#parts.network.unitAt({ iqn, portal, lun: device.lun });
  }

  /** Asks the target. Returns when every disk that answered is there. */
  async scan(session: Session, pattern: ScanPattern): Promise<void> {
    const { boot, durations, network, changes } = this.#parts;
    const isOver = (): boolean => session.state === 'FREE' || session.phase === 'ending';
    if (isOver()) return;
    if ((pattern.channel ?? 0) !== 0 || (pattern.target ?? 0) !== 0) return;
    await boot.sleep(durations.scan + network.latencyMs(session.portal));
    // The kernel sends a scan's commands again while the session recovers, until it is given up.
    const isUp = (): boolean => session.state === 'LOGGED_IN' && network.carries(session.portal);
    await boot.waitFor(
      () => isUp() || isOver(),
      () => changes.next(),
      Infinity,
    );
    // A session that was ended meanwhile has no host to put a device below.
    if (isOver()) return;
    const { iqn, portal } = session;
    const luns = pattern.lun === undefined ? network.lunsAt({ iqn, portal }) : [pattern.lun];
    for (const lun of luns) this.#probe(session, lun);
  }

  /**
   * Takes a disk away, as a write to `delete` does; returns when it is gone.
   *
   * @throws SystemError ENODEV when somebody else was first
   */
  async remove(device: ScsiDevice): Promise<void> {
    const { boot, durations, changes, network } = this.#parts;
    if (device.state === 'cancel') {
      await boot.waitFor(
        () => !this.#has(device),
        () => changes.next(),
        Infinity,
      );
      throw new SystemError('ENODEV', 'write', `${device.hctl}/delete`);
    }
    // Once the kernel has given the path up nothing is waited for any more.
    const hopeless = device.state === 'transport-offline' || device.state === 'offline';
    const dead = !hopeless && !network.carries(device.session.portal);
    device.state = 'cancel';
    await boot.sleep(dead ? durations.deviceDeleteOnDeadPath : durations.deviceDelete);
    await this.#answer(device);
    this.drop(device);
  }

  /** The end of a disk, without any waiting. */
  drop(device: ScsiDevice): void {
    if (!this.#has(device)) return;
    device.state = 'cancel';
    this.#devices.delete(device.hctl);
    this.#removedNames.add(device.block);
    this.#setPartitions(device, []);
    this.#parts.uevents.announce({ action: 'remove', block: device.block });
    this.#parts.changes.ring();
  }

  /** Reads size and identity again, as a write to `rescan` does; over a dead path it hangs. */
  async rescan(device: ScsiDevice): Promise<void> {
    const { boot, changes, network } = this.#parts;
    await boot.waitFor(
      () => device.state !== 'running' || network.carries(device.session.portal),
      () => changes.next(),
      Infinity,
    );
    await this.#answer(device);
    await this.#parts.boot.sleep(this.#parts.durations.deviceRescan);
    const unit = this.unit(device);
    if (unit === undefined || !this.#has(device)) return;
    Object.assign(device, identityOf(unit));
    this.#parts.uevents.announce({ action: 'change', block: device.block });
  }

  /** Reads the partition table again, as BLKRRPART does. */
  rereadPartitions(device: ScsiDevice): void {
    this.#setPartitions(device, readPartitions(device, this.unit(device)?.partitioned ?? false));
  }

  /** What happens to a session's disks when its connection fails, is given up, or is back. */
  setState(session: Session, state: 'running' | 'blocked' | 'transport-offline'): void {
    for (const device of this.ofSession(session.sid)) {
      // What somebody has taken out of service stays so.
      if (device.state !== 'cancel' && device.state !== 'offline') device.state = state;
    }
    this.#parts.changes.ring();
  }

  /**
   * Takes a disk out of service, as a write of `offline` to its state does.
   *
   * @throws SystemError EINVAL for a disk that is on its way out, and for any other state
   */
  takeOffline(device: ScsiDevice, wanted: string): void {
    if (wanted.trim() !== 'offline' || device.state === 'cancel') {
      throw new SystemError('EINVAL', 'write', `${device.hctl}/state`);
    }
    device.state = 'offline';
    this.#parts.changes.ring();
  }

  /** Ends when the device answers commands. */
  async #answer(device: ScsiDevice): Promise<void> {
    const { boot, changes, faults } = this.#parts;
    await boot.waitFor(
      () => !faults.has('device-hangs', ({ wwid }) => wwid === device.wwid),
      () => changes.next(),
      Infinity,
    );
  }

  #has(device: ScsiDevice): boolean {
    return this.#devices.get(device.hctl) === device;
  }

  #probe(session: Session, lun: number): void {
    const hctl = `${session.scsiHost}:0:0:${lun}`;
    const unit = this.unit({ session, lun });
    if (unit === undefined || this.#devices.has(hctl) || this.#isLate(session, lun)) return;
    const { names, uevents, changes } = this.#parts;
    this.#freeRemovedNames();
    const { block, devNumber } = names.takeDisk();
    const place = { hctl, lun, session, block, devNumber };
    const device: ScsiDevice = {
      ...place,
      ...identityOf(unit),
      readOnly: this.#parts.network.array.isReadOnly(session.iqn),
      partitions: [],
      state: 'running',
    };
    this.#devices.set(hctl, device);
    uevents.announce({ action: 'add', block });
    this.rereadPartitions(device);
    changes.ring();
  }

  #setPartitions(device: ScsiDevice, partitions: readonly Partition[]): void {
    const { uevents } = this.#parts;
    for (const { block } of device.partitions) uevents.announce({ action: 'remove', block });
    device.partitions = partitions;
    this.#devices.changed();
    for (const { block } of partitions) uevents.announce({ action: 'add', block });
  }

  #isLate(session: Session, lun: number): boolean {
    const { boot, network } = this.#parts;
    const key = `${session.sid} ${lun}`;
    const firstAsked = this.#firstAsked.get(key) ?? boot.clock.now();
    this.#firstAsked.set(key, firstAsked);
    const { iqn, portal } = session;
    return boot.clock.now() < firstAsked + network.lateByMs({ iqn, portal, lun });
  }

  #freeRemovedNames(): void {
    for (const block of this.#removedNames) {
      if (this.#parts.isHeld(block)) continue;
      this.#removedNames.delete(block);
      this.#parts.names.freeDisk(block);
    }
  }
}

const MODEL = 'FILEIO';

/** What INQUIRY, VPD and mode pages and READ CAPACITY answer. */
function identityOf(
  unit: Volume,
): Pick<ScsiDevice, 'model' | 'wwid' | 'serial' | 'sizeBytes' | 'writeCache'> {
  const { wwid, serial, sizeBytes, writeCache } = unit;
  return { model: MODEL, wwid, serial, sizeBytes, writeCache };
}
