import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { MooringClient } from '../../src/client/mooring-client.js';
import { CONTROL_TASK_QUEUE, hostTaskQueue } from '../../src/contract/ids.js';
import { startChild, type ChildProcess } from '../../src/demo/child-process.js';
import { startSimulatedHosts } from '../../src/demo/simulated-hosts.js';
import type { AttachRequestInput } from '../../src/model/attach-request.js';
import type { AttachResult, DetachResult } from '../../src/model/attach-result.js';
import type { AttachmentView } from '../../src/model/attachment.js';
import { connectSimulatedHost, type RemoteHost } from '../../src/simulator/remote-host.js';
import { readPresence } from '../../src/worker/worker-presence.js';
import { eventually } from '../support/eventually.js';
import type { HostState, HostUnderTest, Volume } from './host-under-test.js';

const MOORING = fileURLToPath(new URL('../../bin/mooring.js', import.meta.url));
const IQN = 'iqn.2026-11.io.example:conformance';
const PORTALS = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map((it) => `${it}:3260`);
const VOLUME_BYTES = 67_108_864;
/** More LUNs than scenarios ask for. */
const VOLUMES = 64;
/** The simulated host's own durations pass five times as fast. */
const TIME_SCALE = 0.2;
const WORKER_START_MS = 40_000;
const MOUNT_POINT = '/mnt/scenario';

/**
 * A simulated host in a process of its own, with its worker and a control worker as processes: what
 * is killed here is really killed, and the simulated kernel stays.
 */
export class SimulatedHostUnderTest implements HostUnderTest {
  readonly kind = 'simulated';
  readonly iqn = IQN;
  readonly portals = PORTALS;
  readonly hostId = `conformance-${randomUUID().slice(0, 8)}`;
  private readonly address: string;
  private readonly directory: string;
  private readonly client: Client;
  private readonly mooring: MooringClient;
  private readonly children: ChildProcess[] = [];
  private worker: ChildProcess | undefined;
  private host: RemoteHost | undefined;
  private luns = 0;

  private constructor(address: string, directory: string, client: Client) {
    this.address = address;
    this.directory = directory;
    this.client = client;
    this.mooring = new MooringClient(client);
  }

  static async start(address: string): Promise<SimulatedHostUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'mooring-conformance-'));
    const client = new Client({ connection: await Connection.connect({ address }) });
    const host = new SimulatedHostUnderTest(address, directory, client);
    await host.startProcesses();
    return host;
  }

  async stop(): Promise<void> {
    this.host?.close();
    await this.worker?.stop({ graceMs: 1_000 });
    await Promise.all(this.children.map((child) => child.stop({ graceMs: 1_000 })));
    await this.client.connection.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async freshVolume(): Promise<Volume> {
    this.luns += 1;
    const { volumeId, lun, designator } = volumeOf(this.hostId, this.luns);
    return Promise.resolve({ volumeId, lun, wwid: `3${designator}`, sizeBytes: VOLUME_BYTES });
  }

  attach(request: AttachRequestInput): Promise<AttachResult> {
    return this.mooring.attach(request);
  }

  detach(volumeId: string): Promise<DetachResult> {
    return this.mooring.detach({ volumeId, hostId: this.hostId });
  }

  state(volumeId: string): Promise<AttachmentView> {
    return this.mooring.state(volumeId);
  }

  async dropPortal(portal: string): Promise<void> {
    await this.control.array.setPortal({ portal, condition: { kind: 'dropped' } });
  }

  async restorePortals(): Promise<void> {
    for (const portal of PORTALS) {
      await this.control.array.setPortal({ portal, condition: { kind: 'up' } });
    }
  }

  async hostState(): Promise<HostState> {
    return { ...(await this.control.snapshot()) };
  }

  async slavesOf(device: string): Promise<readonly string[]> {
    return this.files.list(`/sys/class/block/${device.replace('/dev/', '')}/slaves`);
  }

  async write(device: string, text: string): Promise<void> {
    await this.control.writeThrough(device, 0, new TextEncoder().encode(text));
  }

  async read(device: string, length: number): Promise<string> {
    return new TextDecoder().decode(await this.control.readThrough(device, 0, length));
  }

  async mount(device: string): Promise<void> {
    await this.control.mount(device, MOUNT_POINT);
  }

  async unmount(): Promise<void> {
    await this.control.unmount(MOUNT_POINT);
  }

  async killWorker(): Promise<void> {
    this.worker?.kill('SIGKILL');
    await this.worker?.exited;
  }

  async startWorker(): Promise<void> {
    this.worker = await this.startMooring('host.log', [
      ...['worker', 'host', '--host-id', this.hostId, '--simulated', this.socketPath],
    ]);
    await this.untilPolling(hostTaskQueue(this.hostId));
  }

  private get control(): RemoteHost['control'] {
    if (this.host === undefined) throw new Error('The simulated host has not been started');
    return this.host.control;
  }

  private get files(): RemoteHost['files'] {
    if (this.host === undefined) throw new Error('The simulated host has not been started');
    return this.host.files;
  }

  private get socketPath(): string {
    return join(this.directory, 'simulator.sock');
  }

  private async startProcesses(): Promise<void> {
    const { hostId, socketPath } = this;
    const volumes = Array.from({ length: VOLUMES }, (_, index) => volumeOf(hostId, index + 1));
    this.children.push(
      await startSimulatedHosts({
        socketPath,
        timeScale: TIME_SCALE,
        hosts: [hostId],
        volumes: volumes.map(({ volumeId, designator }) => ({
          name: volumeId,
          wwid: `naa.${designator}`,
          sizeBytes: VOLUME_BYTES,
        })),
        targets: [{ iqn: IQN, portals: PORTALS }],
        mappings: volumes.map(({ volumeId, lun }) => ({ iqn: IQN, lun, volume: volumeId })),
      }),
    );
    this.host = await connectSimulatedHost({ socketPath, hostId });
    this.children.push(await this.startMooring('control.log', ['worker', 'control']));
    await Promise.all([this.startWorker(), this.untilPolling(CONTROL_TASK_QUEUE)]);
  }

  private startMooring(log: string, args: readonly string[]): Promise<ChildProcess> {
    return startChild({
      file: process.execPath,
      args: [MOORING, ...args],
      env: { TEMPORAL_ADDRESS: this.address },
      logFile: join(this.directory, log),
    });
  }

  private async untilPolling(taskQueue: string): Promise<void> {
    await eventually(
      async () => {
        const { polling } = await readPresence(this.client, taskQueue);
        if (!polling) throw new Error(`nobody polls ${taskQueue}`);
      },
      { withinMs: WORKER_START_MS },
    );
  }
}

function volumeOf(
  hostId: string,
  lun: number,
): { volumeId: string; lun: number; designator: string } {
  const designator = `6001405${lun.toString(16).padStart(25, '0')}`;
  return { volumeId: `${hostId}-${lun}`, lun, designator };
}
