import type { BootEnvironment } from '../boot-environment.js';
import type { DiskDirectory } from '../files/disk-files.js';
import type { DeviceMapper, DmDevice } from '../kernel/device-mapper.js';
import type { ScsiDevice, ScsiLayer } from '../kernel/scsi-layer.js';
import type { DeviceUsers } from '../kernel/device-users.js';
import { udevSerial } from '../udev-serial.js';
import type { Udev } from './udev.js';
import { isMultipath, watchQueueing } from './map-queueing.js';
import {
  friendlyName,
  isMadeUnasked,
  readMultipathSettings,
  type MultipathSettings,
} from './multipath-config.js';
import { isMapInUse, removeMap } from './partition-maps.js';
import type { WwidsFile } from './wwids-file.js';

interface Parts extends BootEnvironment {
  readonly scsi: ScsiLayer;
  readonly mapper: DeviceMapper;
  readonly users: DeviceUsers;
  readonly udev: Udev;
  readonly wwids: WwidsFile;
  readonly disk: DiskDirectory;
}

/** A path multipathd watches. */
export interface WatchedPath {
  readonly block: string;
  readonly wwid: string;
}

/** The daemon's answer to a command. `delayed`: it will happen when udev is done with the map. */
export type DaemonAnswer = 'ok' | 'fail' | 'delayed';

/**
 * multipathd 0.9.4: `find_multipaths` (built in: strict) and friendly names of its configuration file,
 * read at its start and at `reconfigure`; for LIO's units `no_path_retry 12`: a map without a path
 * queues for a minute, then fails.
 *
 * Watches every disk; makes a map by itself as `find_multipaths` says; adds further paths
 * once udev is done with a new map; drops a removed path a moment after udev, and with the last
 * path the map, unless it is in use. Not modelled: path groups and priorities, blacklists,
 * other settings, checkers that need to run (a path is as good as its session).
 */
export class MultipathDaemon {
  readonly #parts: Parts;
  readonly #paths = new Map<string, WatchedPath>();
  /** New maps whose first events udev has not handled: no path is added to them meanwhile. */
  readonly #awaitingUdev = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();
  #running: boolean;
  #settings: MultipathSettings;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#running = !this.#stopped;
    this.#settings = readMultipathSettings(parts.disk);
    parts.udev.onHandled(({ action, block }) => {
      if (parts.scsi.ofBlock(block) !== undefined && action === 'add')
        void this.#pathAppeared(block);
      if (action === 'remove') void this.#blockWent(block);
      if (parts.mapper.ofBlock(block) !== undefined) void this.#mapSettled(block);
    });
    watchQueueing(parts, () => this.#running);
    parts.boot.onEnd(parts.faults.changes.onRing(() => void this.#faultsChanged()));
  }

  get isRunning(): boolean {
    return this.#running;
  }

  get paths(): readonly WatchedPath[] {
    return [...this.#paths.values()];
  }

  mapOf(wwid: string): DmDevice | undefined {
    return this.#parts.mapper.ofUuid(`mpath-${wwid}`);
  }

  /** `multipathd add path` */
  addPath(block: string): Promise<DaemonAnswer> {
    return this.#exclusively(async () => {
      const device = this.#parts.scsi.ofBlock(block);
      if (device === undefined) return 'fail';
      return (await this.#adopt(device)) ? 'ok' : 'fail';
    });
  }

  /** `multipathd del path` */
  deletePath(block: string): Promise<DaemonAnswer> {
    return this.#exclusively(async () => {
      if (!this.#paths.has(block)) return 'fail';
      const awaits = this.#mapsOver(block).some((map) => this.#awaitingUdev.has(map.block));
      await this.#forget(block);
      return awaits ? 'delayed' : 'ok';
    });
  }

  /** `multipathd add map`: asked by name, so strictness does not apply. */
  addMap(wwid: string): Promise<DaemonAnswer> {
    return this.#exclusively(async () => {
      if (this.mapOf(wwid) !== undefined) return 'ok';
      return (await this.#createMap(wwid)) === undefined ? 'fail' : 'ok';
    });
  }

  /** `multipathd resize map` */
  resizeMap(name: string): Promise<DaemonAnswer> {
    return this.#exclusively(async () => {
      const map = this.#parts.mapper.ofName(name) ?? this.mapOf(name);
      if (map === undefined) return 'fail';
      await this.#parts.boot.sleep(this.#parts.durations.mapReload);
      const sizes = map.slaves.flatMap((slave) => this.#parts.scsi.ofBlock(slave)?.sizeBytes ?? []);
      if (sizes.length === 0 || new Set(sizes).size > 1) return 'fail';
      this.#parts.mapper.reload(map, { sizeBytes: Math.min(...sizes) });
      return 'ok';
    });
  }

  /** `multipathd disablequeueing map NAME` */
  disableQueueing(name: string): DaemonAnswer {
    const map = this.#parts.mapper.ofName(name) ?? this.mapOf(name);
    if (map === undefined) return 'fail';
    this.#parts.mapper.setQueueing(map, false);
    return 'ok';
  }

  /** `multipathd reconfigure` */
  reconfigure(): Promise<DaemonAnswer> {
    return this.#exclusively<DaemonAnswer>(async () => {
      await this.#takeStock();
      return 'ok';
    });
  }

  get #stopped(): boolean {
    return this.#parts.faults.has('multipathd-stopped');
  }

  /** One thing at a time, as behind the daemon's own lock. */
  #exclusively<Done>(work: () => Promise<Done>): Promise<Done> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #pathAppeared(block: string): Promise<unknown> {
    return this.#exclusively(async () => {
      const device = this.#parts.scsi.ofBlock(block);
      if (this.#running && device !== undefined) await this.#adopt(device);
    });
  }

  async #blockWent(block: string): Promise<void> {
    this.#awaitingUdev.delete(block);
    const { boot, durations, faults } = this.#parts;
    const later = faults.find('multipathd-slow-to-forget')?.byMs ?? 0;
    await boot.sleep(durations.multipathdForget + later);
    await this.#exclusively(async () => {
      // The name may stand for a new disk by now; then the path is that one.
      if (this.#running && this.#parts.scsi.ofBlock(block) === undefined) await this.#forget(block);
    });
  }

  /** udev is done with a map: paths that came meanwhile are added now. */
  #mapSettled(block: string): Promise<unknown> {
    if (!this.#awaitingUdev.delete(block)) return Promise.resolve();
    return this.#exclusively(async () => {
      const map = this.#parts.mapper.ofBlock(block);
      if (this.#running && map !== undefined) await this.#addMissingPaths(map);
    });
  }

  async #faultsChanged(): Promise<void> {
    if (this.#stopped) {
      this.#running = false;
      this.#paths.clear();
      this.#awaitingUdev.clear();
    } else if (!this.#running) {
      this.#running = true;
      await this.#exclusively(() => this.#takeStock());
    }
  }

  /** What the daemon does at its start. */
  async #takeStock(): Promise<void> {
    await this.#parts.boot.sleep(this.#parts.durations.multipathdStart);
    this.#settings = readMultipathSettings(this.#parts.disk);
    for (const device of this.#parts.scsi.devices) this.#watch(device);
    for (const wwid of new Set(this.paths.map((path) => path.wwid).filter((each) => each !== ''))) {
      const map = this.mapOf(wwid);
      if (map !== undefined) await this.#addMissingPaths(map);
      else if (this.#isMadeUnasked(wwid)) await this.#createMap(wwid);
    }
  }

  async #adopt(device: ScsiDevice): Promise<boolean> {
    const { wwid } = this.#watch(device);
    // "failed to get path uid": it is udev that tells it.
    if (wwid === '') return false;
    const map = this.mapOf(wwid);
    if (map === undefined) {
      return !this.#isMadeUnasked(wwid) || (await this.#createMap(wwid)) !== undefined;
    }
    // "failed to add new path, device size mismatch"
    if (map.sizeBytes !== device.sizeBytes) {
      this.#paths.delete(device.block);
      return false;
    }
    if (!this.#awaitingUdev.has(map.block)) await this.#addMissingPaths(map);
    return true;
  }

  #isMadeUnasked(wwid: string): boolean {
    const isRemembered = this.#parts.wwids.has(wwid);
    return isMadeUnasked(this.#settings, { paths: this.#disksOf(wwid).length, isRemembered });
  }

  #watch({ block, wwid }: ScsiDevice): WatchedPath {
    const path = { block, wwid: this.#parts.udev.knows(block) ? udevSerial(wwid) : '' };
    this.#paths.set(block, path);
    return path;
  }

  async #createMap(wwid: string): Promise<DmDevice | undefined> {
    const { boot, durations, faults, mapper, users, wwids } = this.#parts;
    if (this.#disksOf(wwid).length === 0) return undefined;
    await boot.sleep(durations.map + (faults.find('map-late')?.byMs ?? 0));
    const [first, ...others] = this.#disksOf(wwid);
    if (first === undefined || !this.#running) return undefined;
    const alike = others.filter(({ sizeBytes }) => sizeBytes === first.sizeBytes);
    const map = mapper.create({
      name: this.#settings.friendlyNames ? friendlyName(this.#parts.disk, wwid) : wwid,
      uuid: `mpath-${wwid}`,
      slaves: [first, ...alike].map(({ block }) => block),
      sizeBytes: first.sizeBytes,
    });
    wwids.add(wwid);
    this.#shortenRecovery(map);
    this.#awaitingUdev.add(map.block);
    const probe = users.open(map.block, '(udev-worker)');
    void boot.sleep(durations.mapBusy).then(() => users.close(probe));
    return map;
  }

  async #addMissingPaths(map: DmDevice): Promise<void> {
    const { boot, durations, mapper } = this.#parts;
    const missing = this.#disksOf(map.uuid.slice('mpath-'.length))
      .filter(({ sizeBytes }) => sizeBytes === map.sizeBytes)
      .map(({ block }) => block)
      .filter((block) => !map.slaves.includes(block));
    if (missing.length === 0) return;
    await boot.sleep(durations.mapReload);
    const there = missing.filter((block) => this.#parts.scsi.ofBlock(block) !== undefined);
    if (mapper.ofBlock(map.block) !== map) return;
    mapper.reload(map, { slaves: [...map.slaves, ...there] });
    this.#shortenRecovery(map);
  }

  async #forget(block: string): Promise<void> {
    const { boot, durations, mapper } = this.#parts;
    this.#paths.delete(block);
    for (const map of this.#mapsOver(block)) {
      await boot.sleep(durations.mapReload);
      if (mapper.ofBlock(map.block) !== map) continue;
      const slaves = map.slaves.filter((slave) => slave !== block);
      if (slaves.length === 0 && !isMapInUse(mapper, map)) removeMap(mapper, map);
      else mapper.reload(map, { slaves });
    }
  }

  /** With other paths there, a lost connection is given up early (`fast_io_fail_tmo`). */
  #shortenRecovery({ slaves }: DmDevice): void {
    for (const slave of slaves) {
      const session = this.#parts.scsi.ofBlock(slave)?.session;
      if (session !== undefined) session.recoverySeconds = FAST_IO_FAIL_SECONDS;
    }
  }

  #mapsOver(block: string): DmDevice[] {
    return this.#parts.mapper.holdersOf(block).filter(isMultipath);
  }

  /** The watched disks of a WWID that are still there. */
  #disksOf(wwid: string): ScsiDevice[] {
    return this.paths
      .filter((path) => path.wwid === wwid)
      .flatMap((path) => this.#parts.scsi.ofBlock(path.block) ?? [])
      .filter((device) => device.state !== 'cancel');
  }
}

/** multipath's default for iSCSI sessions whose disks are in a map; seen in the lab: 120 became 5. */
const FAST_IO_FAIL_SECONDS = 5;
