import { randomUUID } from 'node:crypto';
import { MooringClient } from '../src/client/mooring-client.js';
import { historyText } from '../test/conformance/history-text.js';
import type {
  HostState,
  HostUnderTest,
  Volume,
  VolumePlace,
} from '../test/conformance/host-under-test.js';
import { cleanHost, forgetTarget } from './clean-host.js';
import { addAddress } from './guest-address.js';
import { GuestArray, type AddedTarget } from './guest-array.js';
import { GuestDaemons } from './guest-daemons.js';
import { GuestDeviceUsers } from './guest-device-users.js';
import { GuestDevices } from './guest-devices.js';
import { GuestFiles } from './guest-files.js';
import { GuestNetwork } from './guest-network.js';
import { GuestWorker } from './guest-worker.js';
import type { Guest } from './guest.js';
import { startMachine, type Machine, type MachineOptions } from './machine.js';
import { takeHostState } from './snapshot.js';
import type { Target } from './target.js';
import { ToolFaults } from './tool-faults.js';

const PORTALS = ['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4'].map((it) => `${it}:3260`);
const IPV6_PORTAL = '[FD00:0:0:0:0:0:0:7]:3260';
const TARGET: Target = {
  iqn: 'iqn.2026-11.io.mooring:lab',
  portals: [...PORTALS, IPV6_PORTAL],
  groups: 'one',
};
const COMMAND_TIMEOUT_MS = 300_000;
/** What a reset gives mooring to undo what a scenario has left. */
const DETACH_TIMEOUT_MS = 60_000;

/** What of a real host is up to whoever starts it. */
export interface RealHostOptions extends MachineOptions {
  /** Environment variables of the host worker. */
  readonly workerSettings?: Readonly<Record<string, string>>;
}

/**
 * A real Linux kernel with real iscsid, multipathd and LIO, and the host worker of this checkout in
 * it; the Temporal server and the control worker outside.
 */
export class RealHostUnderTest implements HostUnderTest {
  readonly kind = 'real';
  readonly iqn = TARGET.iqn;
  readonly portals = PORTALS;
  readonly ipv6Portal = IPV6_PORTAL;
  readonly hostId = `lab-${randomUUID().slice(0, 8)}`;
  readonly guest: Guest;
  readonly mooring: MooringClient;
  /** When the worker was started after the last reboot, by `performance.now()`. */
  workerStartedAtMs = 0;
  private readonly machine: Machine;
  private readonly network: GuestNetwork;
  private readonly array: GuestArray;
  private readonly files: GuestFiles;
  private readonly devices: GuestDevices;
  private readonly users: GuestDeviceUsers;
  private readonly daemons: GuestDaemons;
  private readonly tools: ToolFaults;
  private readonly worker: GuestWorker;
  /** Asked for since the last reset. */
  private readonly volumes = new Set<string>();

  private constructor(machine: Machine, settings: RealHostOptions['workerSettings']) {
    const { guest, client } = machine;
    this.machine = machine;
    this.guest = guest;
    this.mooring = new MooringClient(client);
    this.network = new GuestNetwork(guest);
    this.array = new GuestArray(guest, TARGET);
    this.files = new GuestFiles(guest);
    this.devices = new GuestDevices(guest);
    this.users = new GuestDeviceUsers(guest);
    this.daemons = new GuestDaemons(guest);
    this.tools = new ToolFaults(guest);
    this.worker = new GuestWorker(guest, client, this.hostId, settings);
  }

  /** @param runDirectory - takes every log: console, server, workers */
  static async start(
    runDirectory: string,
    { workerSettings, ...options }: RealHostOptions = {},
  ): Promise<RealHostUnderTest> {
    const machine = await startMachine(runDirectory, options);
    const host = new RealHostUnderTest(machine, workerSettings);
    await addAddress(machine.guest, IPV6_PORTAL);
    await host.array.start();
    await host.startWorker();
    return host;
  }

  stop(): Promise<void> {
    return this.machine.stop();
  }

  async freshVolume(place: VolumePlace = {}): Promise<Volume> {
    const volume = await this.array.freshVolume(this.hostId, place);
    this.volumes.add(volume.volumeId);
    return volume;
  }

  readonly attach: HostUnderTest['attach'] = (request) => this.mooring.attach(request);

  readonly detach: HostUnderTest['detach'] = (volumeId, mode = 'normal') =>
    this.mooring.detach({ volumeId, hostId: this.hostId, mode });

  readonly state: HostUnderTest['state'] = (volumeId) => this.mooring.state(volumeId);

  readonly dropPortal: HostUnderTest['dropPortal'] = (portal) => this.network.drop(portal);

  readonly resetPortal: HostUnderTest['resetPortal'] = (portal) => this.network.reset(portal);

  readonly losePackets: HostUnderTest['losePackets'] = (percent) =>
    this.network.lose(TARGET.portals, percent);

  readonly restorePortals: HostUnderTest['restorePortals'] = () => this.network.restore();

  addTarget(options: AddedTarget = {}): Promise<Pick<Target, 'iqn' | 'portals'>> {
    return this.array.addTarget({ portals: PORTALS, ...options });
  }

  readonly mapVolume: HostUnderTest['mapVolume'] = (volume) => this.array.mapVolume(volume);

  readonly unmapVolume: HostUnderTest['unmapVolume'] = (volume) => this.array.unmapVolume(volume);

  readonly reuseLun: HostUnderTest['reuseLun'] = (old, other) => this.array.reuseLun(old, other);

  readonly setChap: HostUnderTest['setChap'] = (iqn, chap) => this.array.setChap(iqn, chap);

  readonly setDiscoveryChap: HostUnderTest['setDiscoveryChap'] = (chap) =>
    this.array.setDiscoveryChap(chap);

  hostState(): Promise<HostState> {
    return takeHostState(this.guest);
  }

  readonly run: HostUnderTest['run'] = async (program, args) => {
    const options = { timeoutMs: COMMAND_TIMEOUT_MS };
    const { code, stdout, stderr } = await this.guest.run([program, ...args], options);
    return { exitCode: code ?? -1, stdout, stderr };
  };

  readonly readFile: HostUnderTest['readFile'] = (path) => this.files.read(path);

  readonly writeFile: HostUnderTest['writeFile'] = (path, text) => this.files.write(path, text);

  readonly removeFile: HostUnderTest['removeFile'] = (path) => this.files.remove(path);

  readonly list: HostUnderTest['list'] = (path) => this.files.list(path);

  readonly resolveLink: HostUnderTest['resolveLink'] = (path) => this.files.resolveLink(path);

  readonly slavesOf: HostUnderTest['slavesOf'] = (device) => this.devices.slavesOf(device);

  readonly write: HostUnderTest['write'] = (device, text) => this.devices.write(device, text);

  readonly read: HostUnderTest['read'] = (device, length) => this.devices.read(device, length);

  readonly partition: HostUnderTest['partition'] = (device) => this.devices.partition(device);

  readonly addHolder: HostUnderTest['addHolder'] = (device, holder) =>
    this.devices.addHolder(device, holder);

  readonly removeHolder: HostUnderTest['removeHolder'] = (name) => this.devices.removeHolder(name);

  readonly use: HostUnderTest['use'] = (device, how) => this.users.use(device, how);

  readonly endUse: HostUnderTest['endUse'] = () => this.users.endUse();

  readonly rescan: HostUnderTest['rescan'] = (device) => this.devices.rescan(device);

  readonly storeSecret: HostUnderTest['storeSecret'] = (name, secret) =>
    this.worker.storeSecret(name, secret);

  readonly configureMultipath: HostUnderTest['configureMultipath'] = (settings) =>
    this.daemons.configureMultipath(settings);

  readonly holdUdev: HostUnderTest['holdUdev'] = () => this.daemons.holdUdev();

  readonly releaseUdev: HostUnderTest['releaseUdev'] = () => this.daemons.releaseUdev();

  readonly misbehave: HostUnderTest['misbehave'] = (fault) => this.tools.begin(fault);

  readonly mend: HostUnderTest['mend'] = () => this.tools.end();

  readonly stopMultipathd: HostUnderTest['stopMultipathd'] = () => this.daemons.stopMultipathd();

  readonly startMultipathd: HostUnderTest['startMultipathd'] = () => this.daemons.startMultipathd();

  readonly killWorker: HostUnderTest['killWorker'] = () => this.worker.kill();

  readonly startWorker: HostUnderTest['startWorker'] = () => this.worker.start();

  readonly startSecondWorker: HostUnderTest['startSecondWorker'] = () => this.worker.startSecond();

  readonly workerLog: HostUnderTest['workerLog'] = () => this.worker.log();

  readonly historyText: HostUnderTest['historyText'] = (volumeId) =>
    historyText(this.machine.client, volumeId);

  /**
   * The host goes down and comes up again: cleanly, or as if its power was cut. Its worker comes up
   * with it, and the array, which stands in the same machine, before that.
   */
  async reboot(how: 'clean' | 'power cut'): Promise<void> {
    if (how === 'clean') await this.guest.reboot();
    else {
      await this.guest.powerCut();
      await this.guest.boot();
    }
    await addAddress(this.guest, IPV6_PORTAL);
    await this.array.start();
    this.workerStartedAtMs = performance.now();
    await this.startWorker();
  }

  async reset(): Promise<void> {
    await this.network.restore();
    await this.tools.end();
    await this.daemons.resume();
    await this.array.openAll();
    await this.worker.revive();
    await this.users.endUse();
    await this.devices.release();
    await this.detachAll();
    for (const iqn of await this.array.removeTargets()) await forgetTarget(this.guest, iqn);
    await this.files.restore();
    await this.daemons.restoreConfiguration();
  }

  /** After a scenario that failed: the next one finds a host that knows of no target. */
  async clean(): Promise<void> {
    await this.reset();
    await cleanHost(this.guest);
  }

  /** What a scenario that failed half-way has left is no business of the next. */
  private async detachAll(): Promise<void> {
    const { hostId } = this;
    const options = { timeoutMs: DETACH_TIMEOUT_MS };
    await Promise.all(
      [...this.volumes].map((volumeId) =>
        this.mooring.detach({ volumeId, hostId }, options).catch(() => undefined),
      ),
    );
    this.volumes.clear();
  }
}
