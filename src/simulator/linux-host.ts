import { createHash } from 'node:crypto';
import { Boot, HostDown } from './boot.js';
import { Boundaries } from './boundaries.js';
import { ChangeBell } from './change-bell.js';
import type { SimulatedClock } from './clock.js';
import type { Durations } from './durations.js';
import { FaultPlan } from './fault-plan.js';
import { DiskDirectory } from './files/disk-files.js';
import { layOutDisk, layOutRun } from './files/installed-files.js';
import { BlockIo } from './kernel/block-io.js';
import { BlockNames } from './kernel/block-names.js';
import { DeviceMapper } from './kernel/device-mapper.js';
import { DeviceUsers } from './kernel/device-users.js';
import { IscsiInitiator } from './kernel/iscsi-initiator.js';
import { ScsiLayer } from './kernel/scsi-layer.js';
import { Uevents } from './kernel/uevents.js';
import { Network } from './network.js';
import type { StorageArray } from './storage-array.js';
import { DiscoveryDatabase } from './userland/discovery-database.js';
import { IfaceRecords } from './userland/iface-records.js';
import { MultipathDaemon } from './userland/multipath-daemon.js';
import { NodeDatabase } from './userland/node-database.js';
import { watchPartitions } from './userland/partition-maps.js';
import { Udev } from './userland/udev.js';
import { WwidsFile } from './userland/wwids-file.js';

/** Everything that ends with a reboot. */
export interface RunningHost {
  readonly boot: Boot;
  /** Rings at every change a waiting command may care about. */
  readonly changes: ChangeBell;
  readonly uevents: Uevents;
  readonly initiator: IscsiInitiator;
  readonly scsi: ScsiLayer;
  readonly mapper: DeviceMapper;
  readonly users: DeviceUsers;
  readonly io: BlockIo;
  readonly udev: Udev;
  readonly multipathd: MultipathDaemon;
  /** `/run`: files that end with the boot. */
  readonly run: DiskDirectory;
}

export interface LinuxHostOptions {
  readonly hostId: string;
  readonly array: StorageArray;
  readonly clock: SimulatedClock;
  readonly durations: Durations;
}

/**
 * A Linux machine with open-iscsi and multipath-tools, in front of an array.
 *
 * Its disk, with the node database and the wwids file, survives a reboot; everything else is made
 * anew. Faults and boundaries belong to the experimenter and survive as well. Not modelled: a crash
 * that loses what was written to the disk shortly before, a boot that does not come up, services.
 */
export class LinuxHost {
  readonly hostId: string;
  readonly machineId: string;
  readonly clock: SimulatedClock;
  readonly durations: Durations;
  readonly faults = new FaultPlan();
  readonly boundaries = new Boundaries();
  readonly disk = new DiskDirectory();
  readonly nodes = new NodeDatabase(this.disk);
  readonly discoveries = new DiscoveryDatabase(this.disk, this.nodes);
  readonly ifaces = new IfaceRecords(this.disk);
  readonly wwids = new WwidsFile(this.disk);
  readonly network: Network;
  #running: RunningHost | undefined;

  constructor({ hostId, array, clock, durations }: LinuxHostOptions) {
    this.hostId = hostId;
    this.machineId = createHash('sha256').update(hostId).digest('hex').slice(0, 32);
    this.clock = clock;
    this.durations = durations;
    this.network = new Network(array, this.faults);
    layOutDisk(this.disk, this);
    this.powerOn();
  }

  /** @throws HostDown between power off and power on */
  get running(): RunningHost {
    if (this.#running === undefined) throw new HostDown(this.hostId);
    return this.#running;
  }

  /** Answers a caller of this boot; rejects with HostDown when the machine goes down meanwhile. */
  serve<Answer>(work: (running: RunningHost) => Promise<Answer>): Promise<Answer> {
    const running = this.#running;
    if (running === undefined) return Promise.reject(new HostDown(this.hostId));
    return running.boot.serve(() => work(running));
  }

  /** Like a power cut: nothing is flushed, logged out or answered. */
  powerOff(): void {
    const running = this.#running;
    this.#running = undefined;
    running?.boot.end();
  }

  powerOn(): void {
    if (this.#running !== undefined) return;
    const running = this.#start();
    this.#running = running;
    // As Debian's open-iscsi service does: `iscsiadm -m node --loginall=automatic`.
    for (const record of this.nodes.all()) {
      if (record.settings.startup !== 'automatic') continue;
      for (let session = 0; session < record.settings.sessions; session += 1) {
        void running.initiator.logIn(record);
      }
    }
  }

  reboot(): void {
    this.powerOff();
    this.powerOn();
  }

  #start(): RunningHost {
    const boot = new Boot(this.hostId, this.clock);
    const changes = new ChangeBell();
    const environment = {
      boot,
      changes,
      durations: this.durations,
      faults: this.faults,
      network: this.network,
    };
    const names = new BlockNames();
    const uevents = new Uevents();
    const users = new DeviceUsers();
    const parts = { ...environment, names, uevents, users };
    const mapper = new DeviceMapper({ ...parts, usersOf: (block) => users.count(block) });
    const scsi = new ScsiLayer({ ...parts, isHeld: (block) => mapper.openCount(block) > 0 });
    const io = new BlockIo({ ...parts, scsi, mapper });
    const udev = new Udev({ ...parts, scsi, mapper });
    watchPartitions({ scsi, mapper, udev });
    const { wwids, disk } = this;
    const multipathd = new MultipathDaemon({ ...parts, scsi, mapper, udev, wwids, disk });
    const initiator = new IscsiInitiator({ ...parts, scsi });
    const outsideChanged = (): void => {
      initiator.networkChanged();
      changes.ring();
    };
    const { portalChanges, unitChanges } = this.network.array;
    boot.onEnd(portalChanges.onRing(outsideChanged));
    boot.onEnd(unitChanges.onRing(() => changes.ring()));
    boot.onEnd(this.faults.changes.onRing(outsideChanged));
    const run = new DiskDirectory();
    layOutRun(run);
    return { boot, changes, uevents, initiator, scsi, mapper, users, io, udev, multipathd, run };
  }
}
