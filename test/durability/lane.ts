import type { ChildProcess } from '../../src/demo/child-process.js';
import { MooringClient } from '../../src/client/mooring-client.js';
import type { AttachRequestInput } from '../../src/model/attach-request.js';
import type { AttachmentView } from '../../src/model/attachment.js';
import type { RemoteHost } from '../../src/simulator/remote-host.js';
import { eventually } from '../support/eventually.js';
import { lookAt, type HostLook } from '../torture/host-look.js';
import { settled } from '../torture/patience.js';
import { IQN, PORTALS, type Stage } from './stage.js';

export const VOLUME_BYTES = 67_108_864;
const TEXT_BYTES = 64;
const COMMAND_TIMEOUT_MS = 60_000;
/** Every bound of an attach together, on a busy machine. */
const SETTLE_MS = 300_000;

/** A volume on the array. */
export interface LaneVolume {
  readonly volumeId: string;
  readonly lun: number;
  readonly portals: readonly string[];
}

/**
 * One simulated host with a worker process of its own; the volume under test; and a neighbour: another
 * volume on the same target that stays attached all the time, over two of the four portals, so that
 * two sessions are shared and two are not.
 */
export class Lane {
  readonly hostId: string;
  readonly host: RemoteHost;
  readonly mooring: MooringClient;
  readonly volume: LaneVolume;
  readonly neighbour: LaneVolume;
  /** Of the volume, in udev's form. */
  readonly wwid: string;
  /** What the volume holds if nothing was lost, the latest last; more than one when some may be. */
  patterns: string[] = [];
  /** The host with the neighbour and without the volume. */
  before: HostLook | undefined;
  private readonly stage: Stage;
  private worker: ChildProcess | undefined;
  private texts = 0;

  private constructor(stage: Stage, taken: { index: number; hostId: string }, host: RemoteHost) {
    const { index, hostId } = taken;
    this.stage = stage;
    this.hostId = hostId;
    this.host = host;
    this.mooring = new MooringClient(stage.client);
    this.volume = { volumeId: `${hostId}-volume`, lun: 2 * index, portals: PORTALS };
    this.wwid = `3${designator(this.volume.lun)}`;
    const shared = PORTALS.slice(0, 2);
    this.neighbour = { volumeId: `${hostId}-neighbour`, lun: 2 * index + 1, portals: shared };
  }

  /** A host with a neighbour that is attached, and a volume that was. */
  static async open(stage: Stage): Promise<Lane> {
    const taken = stage.takeHost();
    const lane = new Lane(stage, taken, await stage.connectHost(taken.hostId));
    await lane.startWorker();
    for (const volume of [lane.volume, lane.neighbour]) await lane.make(volume);
    const { device } = await lane.mooring.attach(lane.request(lane.neighbour));
    await lane.write(device, lane.neighbour.volumeId);
    await lane.sync(device);
    await lane.attachAndWrite('written');
    const { volumeId } = lane.volume;
    await lane.mooring.detach({ volumeId, hostId: lane.hostId });
    lane.before = await lane.look();
    return lane;
  }

  /** Leaves the host for good. */
  async close(): Promise<void> {
    await this.killWorker();
    this.host.close();
  }

  request(volume: LaneVolume, more: Partial<AttachRequestInput> = {}): AttachRequestInput {
    const { volumeId, lun, portals } = volume;
    const paths = portals.map((portal) => ({ portal, iqn: IQN, lun }));
    return {
      volumeId,
      hostId: this.hostId,
      connection: { paths },
      // Nothing here ends because a busy machine was slow; and the answer waits for every path.
      policy: {
        ...{ deadlineMs: 1_200_000, hostWaitMs: 600_000, pathGraceMs: 60_000 },
        ...{ retryPathsMinMs: 200, retryPathsMaxMs: 1_000 },
      },
      ...more,
    };
  }

  /** Attaches the volume and writes something new; `dirty` is in the host's cache and nowhere else. */
  async attachAndWrite(cache: 'written' | 'dirty'): Promise<void> {
    const { device } = await this.mooring.attach(this.request(this.volume));
    this.texts += 1;
    const text = `text ${this.texts} of ${this.hostId}`;
    await this.write(device, text);
    if (cache === 'written') await this.sync(device);
    this.patterns = cache === 'written' ? [text] : [...this.patterns, text];
  }

  state(volume: LaneVolume = this.volume): Promise<AttachmentView> {
    return this.mooring.state(volume.volumeId, this.hostId);
  }

  async startWorker(): Promise<void> {
    this.worker = await this.stage.startHostWorker(this.hostId);
  }

  async killWorker(): Promise<void> {
    const { worker } = this;
    this.worker = undefined;
    worker?.kill('SIGKILL');
    await worker?.exited;
  }

  /** The worker's process stands still, as on a machine without a processor for it. */
  freezeWorker(): void {
    this.worker?.kill('SIGSTOP');
  }

  thawWorker(): void {
    this.worker?.kill('SIGCONT');
  }

  async bootId(): Promise<string> {
    return (await this.host.files.readText('/proc/sys/kernel/random/boot_id')).trim();
  }

  /** The host from outside, once nothing changes any more. */
  look(): Promise<HostLook> {
    return settled(() => lookAt(this.host));
  }

  async write(device: string, text: string): Promise<void> {
    const bytes = new Uint8Array(TEXT_BYTES);
    bytes.set(new TextEncoder().encode(text).subarray(0, TEXT_BYTES));
    await this.host.control.writeThrough(device, 0, bytes);
  }

  async read(device: string): Promise<string> {
    return textOf(await this.host.control.readThrough(device, 0, TEXT_BYTES));
  }

  async onArray(): Promise<string> {
    const extent = { volume: this.volume.volumeId, offset: 0, length: TEXT_BYTES };
    return textOf(await this.host.control.array.readVolume(extent));
  }

  async sync(device: string): Promise<void> {
    const command = { program: 'sync', args: [device], timeoutMs: COMMAND_TIMEOUT_MS } as const;
    const { exitCode, stderr } = await this.host.runner.run(command);
    if (exitCode !== 0) throw new Error(`sync ${device}: ${stderr}`);
  }

  /** Waits until the neighbour is attached in this boot, with both paths. */
  async untilNeighbourIsUp(): Promise<AttachmentView> {
    const bootId = await this.bootId();
    return eventually(
      async () => {
        const view = await this.state(this.neighbour);
        if (view.state !== 'attached' || view.bootId !== bootId) {
          throw new Error(`the neighbour is ${view.state}: ${JSON.stringify(view.lastFailure)}`);
        }
        return view;
      },
      { withinMs: SETTLE_MS },
    );
  }

  private async make({ volumeId, lun }: LaneVolume): Promise<void> {
    const { array } = this.host.control;
    const wwid = `naa.${designator(lun)}`;
    await array.addVolume({ name: volumeId, wwid, sizeBytes: VOLUME_BYTES });
    await array.mapLun({ iqn: IQN, lun, volume: volumeId });
  }
}

function designator(lun: number): string {
  return `6001405${lun.toString(16).padStart(25, '0')}`;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll('\0', '');
}
