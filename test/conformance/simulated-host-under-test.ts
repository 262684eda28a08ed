import { MooringClient } from '../../src/client/mooring-client.js';
import type { AttachRequestInput } from '../../src/model/attach-request.js';
import type { AttachResult } from '../../src/model/attach-result.js';
import type { HostControl } from '../../src/simulator/host-control.js';
import type { PortalCondition, TargetSpec } from '../../src/simulator/storage-array.js';
import { eventually } from '../support/eventually.js';
import { historyText } from './history-text.js';
import type {
  CommandEnd,
  Credentials,
  HostState,
  HostUnderTest,
  ToolFault,
  Volume,
  VolumePlace,
} from './host-under-test.js';
import { RestorableFiles } from './restorable-files.js';
import { SimulatedDeviceUsers } from './simulated-device-users.js';
import { SimulatedDisturbance } from './simulated-disturbance.js';
import { SimulatedProcesses } from './simulated-processes.js';

const IQN = 'iqn.2026-11.io.example:conformance';
const PORTALS = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map((it) => `${it}:3260`);
const IPV6_PORTAL = '[FD00:0:0:0:0:0:0:7]:3260';
const VOLUME_BYTES = 67_108_864;
const COMMAND_TIMEOUT_MS = 600_000;
const CONFIG_FILE = '/etc/multipath.conf';
/** Longest time a command of the daemon or udev takes to show. */
const SETTLE_MS = 10_000;

/** A simulated host in processes of its own, in an experimenter's hands. */
export class SimulatedHostUnderTest implements HostUnderTest {
  readonly kind = 'simulated';
  readonly iqn = IQN;
  readonly portals = PORTALS;
  readonly ipv6Portal = IPV6_PORTAL;
  readonly mooring: MooringClient;
  private readonly processes: SimulatedProcesses;
  private readonly disturbance: SimulatedDisturbance;
  private readonly users: SimulatedDeviceUsers;
  private readonly files: RestorableFiles;
  /** Asked for since the last reset. */
  private readonly volumes = new Set<string>();
  private luns = 0;

  private constructor(processes: SimulatedProcesses) {
    this.processes = processes;
    this.mooring = new MooringClient(processes.client);
    this.files = new RestorableFiles(processes.host);
    this.users = new SimulatedDeviceUsers(processes.host.control);
    this.disturbance = new SimulatedDisturbance(processes.host.control, OWN_TARGET);
  }

  static async start(address: string): Promise<SimulatedHostUnderTest> {
    return new SimulatedHostUnderTest(
      await SimulatedProcesses.start(address, { targets: [OWN_TARGET] }),
    );
  }

  async stop(): Promise<void> {
    await this.processes.stop();
  }

  get hostId(): string {
    return this.processes.hostId;
  }

  async freshVolume(place: VolumePlace = {}): Promise<Volume> {
    this.luns += 1;
    const { iqn = IQN, portals, mapped = true, lun = this.luns } = place;
    const designator = `6001405${this.luns.toString(16).padStart(25, '0')}`;
    const volume = {
      volumeId: `${this.hostId}-${this.luns}`,
      ...{ iqn, lun, wwid: `3${designator}`, sizeBytes: VOLUME_BYTES },
    };
    this.volumes.add(volume.volumeId);
    const name = volume.volumeId;
    await this.array.addVolume({ name, wwid: `naa.${designator}`, sizeBytes: VOLUME_BYTES });
    if (mapped) {
      const only = portals === undefined ? {} : { portals };
      await this.array.mapLun({ iqn, lun, volume: name, ...only });
    }
    return volume;
  }

  attach(request: AttachRequestInput): Promise<AttachResult> {
    return this.mooring.attach(request);
  }

  readonly detach: HostUnderTest['detach'] = (volumeId, mode = 'normal') =>
    this.mooring.detach({ volumeId, hostId: this.hostId, mode });

  readonly state: HostUnderTest['state'] = (volumeId) => this.mooring.state(volumeId);

  dropPortal(portal: string): Promise<void> {
    return this.setPortal(portal, { kind: 'dropped' });
  }

  resetPortal(portal: string): Promise<void> {
    return this.setPortal(portal, { kind: 'resetting' });
  }

  async losePackets(percent: number): Promise<void> {
    await this.disturbance.begin('network', { kind: 'packet-loss', percent });
  }

  restorePortals(): Promise<void> {
    return this.disturbance.restorePortals();
  }

  addTarget(
    options: Pick<TargetSpec, 'groups' | 'addressing' | 'readOnly'> = {},
  ): Promise<{ iqn: string; portals: readonly string[] }> {
    return this.disturbance.addTarget(PORTALS, options);
  }

  async mapVolume({ iqn, lun, volumeId }: Volume): Promise<void> {
    await this.array.mapLun({ iqn, lun, volume: volumeId });
  }

  async unmapVolume({ iqn, lun }: Volume): Promise<void> {
    await this.array.unmapLun({ iqn, lun });
  }

  async reuseLun(old: Volume, other: Volume): Promise<void> {
    await this.array.mapLun({ iqn: old.iqn, lun: old.lun, volume: other.volumeId });
  }

  setChap(
    iqn: string,
    chap: { readonly incoming?: Credentials; readonly mutual?: Credentials },
  ): Promise<void> {
    return this.disturbance.setChap(iqn, chap);
  }

  setDiscoveryChap(chap: { readonly incoming?: Credentials }): Promise<void> {
    return this.disturbance.setDiscoveryChap(chap);
  }

  async hostState(): Promise<HostState> {
    return { ...(await this.control.snapshot()) };
  }

  async run(
    program: 'iscsiadm' | 'multipathd' | 'multipath',
    args: readonly string[],
  ): Promise<CommandEnd> {
    const command = { program, args, timeoutMs: COMMAND_TIMEOUT_MS };
    const { exitCode = -1, stdout, stderr } = await this.processes.host.runner.run(command);
    return { exitCode, stdout, stderr };
  }

  readonly readFile: HostUnderTest['readFile'] = (path) => this.files.read(path);

  readonly writeFile: HostUnderTest['writeFile'] = (path, text) => this.files.write(path, text);

  readonly removeFile: HostUnderTest['removeFile'] = (path) => this.files.remove(path);

  readonly list: HostUnderTest['list'] = (path) => this.files.list(path);

  readonly resolveLink: HostUnderTest['resolveLink'] = (path) => this.files.resolveLink(path);

  slavesOf(device: string): Promise<readonly string[]> {
    return this.list(`/sys/class/block/${device.replace('/dev/', '')}/slaves`);
  }

  async write(device: string, text: string): Promise<void> {
    await this.control.writeThrough(device, 0, new TextEncoder().encode(text));
    const sync = { program: 'sync', args: [device], timeoutMs: COMMAND_TIMEOUT_MS } as const;
    const end = await this.processes.host.runner.run(sync);
    if (end.exitCode !== 0) throw new Error(`sync ${device}: ${end.stderr}`);
  }

  async read(device: string, length: number): Promise<string> {
    return new TextDecoder().decode(await this.control.readThrough(device, 0, length));
  }

  partition(device: string): Promise<void> {
    return this.control.partition(device);
  }

  readonly addHolder: HostUnderTest['addHolder'] = (device, holder) =>
    this.users.addHolder(device, holder);

  readonly removeHolder: HostUnderTest['removeHolder'] = (name) => this.users.removeHolder(name);

  readonly use: HostUnderTest['use'] = (device, how) => this.users.use(device, how);

  readonly endUse: HostUnderTest['endUse'] = () => this.users.endUse();

  async rescan(device: string): Promise<void> {
    const attribute = `/sys/class/block/${device.replace('/dev/', '')}/device/rescan`;
    await this.processes.host.writer.writeAttribute(attribute, '1');
  }

  storeSecret(name: string, secret: string): Promise<string> {
    return this.processes.storeSecret(name, secret);
  }

  async configureMultipath(settings: {
    readonly findMultipaths?: 'strict' | 'smart' | 'yes' | 'no';
    readonly friendlyNames?: boolean;
  }): Promise<void> {
    const { findMultipaths, friendlyNames } = settings;
    const lines = [
      ...(findMultipaths === undefined ? [] : [`  find_multipaths ${findMultipaths}`]),
      ...(friendlyNames === undefined
        ? []
        : [`  user_friendly_names ${friendlyNames ? 'yes' : 'no'}`]),
    ];
    await this.writeFile(CONFIG_FILE, `defaults {\n${lines.join('\n')}\n}\n`);
    await this.run('multipathd', ['reconfigure']);
  }

  async holdUdev(): Promise<void> {
    await this.disturbance.begin('udev', { kind: 'udev-held' });
  }

  async releaseUdev(): Promise<void> {
    await this.disturbance.end('udev');
  }

  misbehave(fault: ToolFault): Promise<void> {
    return this.disturbance.misbehave(fault);
  }

  async mend(): Promise<void> {
    await this.disturbance.end('tools');
  }

  async stopMultipathd(): Promise<void> {
    await this.disturbance.begin('multipathd', { kind: 'multipathd-stopped' });
  }

  async startMultipathd(): Promise<void> {
    await this.disturbance.end('multipathd');
    await eventually(
      async () => {
        const { exitCode } = await this.run('multipathd', ['show', 'status']);
        if (exitCode !== 0) throw new Error('multipathd does not answer');
      },
      { withinMs: SETTLE_MS },
    );
  }

  /** Power off and on in both cases: whoever wants data to stay has it written back before. */
  async reboot(): Promise<void> {
    await this.killWorker();
    await this.control.reboot();
    await this.startWorker();
  }

  readonly killWorker: HostUnderTest['killWorker'] = () => this.processes.killWorker();

  readonly startWorker: HostUnderTest['startWorker'] = () => this.processes.startWorker();

  readonly startSecondWorker: HostUnderTest['startSecondWorker'] = () =>
    this.processes.startSecondWorker();

  readonly workerLog: HostUnderTest['workerLog'] = () => this.processes.workerLog();

  readonly historyText: HostUnderTest['historyText'] = (volumeId) =>
    historyText(this.processes.client, volumeId);

  async reset(): Promise<void> {
    await this.disturbance.reset();
    await this.releaseUdev();
    await this.startMultipathd();
    if (!this.processes.isWorkerAlive) await this.startWorker();
    await this.users.release();
    await this.detachAll();
    await this.files.restore();
    await this.run('multipathd', ['reconfigure']);
  }

  /** What a scenario that failed half-way has left is no business of the next. */
  private async detachAll(): Promise<void> {
    for (const volumeId of this.volumes) {
      const request = { volumeId, hostId: this.hostId };
      await this.mooring.detach(request, { timeoutMs: SETTLE_MS }).catch(() => undefined);
    }
    this.volumes.clear();
  }

  private get control(): HostControl {
    return this.processes.host.control;
  }

  private get array(): HostControl['array'] {
    return this.control.array;
  }

  private async setPortal(portal: string, condition: PortalCondition): Promise<void> {
    await this.array.setPortal({ portal, condition });
  }
}

const OWN_TARGET: TargetSpec = { iqn: IQN, portals: [...PORTALS, IPV6_PORTAL] };
