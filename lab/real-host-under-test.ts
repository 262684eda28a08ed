import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { MooringClient } from '../src/client/mooring-client.js';
import { CONTROL_TASK_QUEUE, hostTaskQueue } from '../src/contract/ids.js';
import { startChild, type ChildProcess } from '../src/demo/child-process.js';
import { startDevServer, type DevServer } from '../src/demo/dev-server.js';
import type { AttachRequestInput } from '../src/model/attach-request.js';
import type { AttachResult, DetachResult } from '../src/model/attach-result.js';
import type { AttachmentView } from '../src/model/attachment.js';
import { readPresence } from '../src/worker/worker-presence.js';
import type { HostState, HostUnderTest, Volume } from '../test/conformance/host-under-test.js';
import { eventually } from '../test/support/eventually.js';
import {
  GUEST_CHECKOUT,
  GUEST_NODE,
  GUEST_TEMPORAL_ADDRESS,
  startGuest,
  type Guest,
} from './guest.js';
import { takeHostSnapshot, type TreeEntry } from './snapshot.js';
import { createTarget, wwidOf, type TargetLun } from './target.js';

const MOORING = fileURLToPath(new URL('../bin/mooring.js', import.meta.url));
const IQN = 'iqn.2026-11.io.mooring:lab';
const PORTALS = ['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4'].map((it) => `${it}:3260`);
const VOLUME_BYTES = 67_108_864;
/** More LUNs than scenarios ask for. */
const VOLUMES = 32;
const WORKER = 'mooring-host';
/** Node reads its modules over 9p under emulation: about 12 s when cold. */
const WORKER_START_MS = 120_000;
const MOUNT_POINT = '/mnt/scenario';

/**
 * A real Linux kernel with real iscsid, multipathd and LIO, and the host worker of this checkout in
 * it; the Temporal server and the control worker outside.
 */
export class RealHostUnderTest implements HostUnderTest {
  readonly kind = 'real';
  readonly iqn = IQN;
  readonly portals = PORTALS;
  readonly hostId = `lab-${randomUUID().slice(0, 8)}`;
  readonly guest: Guest;
  private readonly server: DevServer;
  private readonly control: ChildProcess;
  private readonly client: Client;
  private readonly mooring: MooringClient;
  private readonly luns: readonly TargetLun[];
  private used = 0;

  private constructor(parts: {
    readonly guest: Guest;
    readonly server: DevServer;
    readonly control: ChildProcess;
    readonly client: Client;
  }) {
    this.guest = parts.guest;
    this.server = parts.server;
    this.control = parts.control;
    this.client = parts.client;
    this.mooring = new MooringClient(parts.client);
    this.luns = Array.from({ length: VOLUMES }, (_, index) => ({
      lun: index + 1,
      sizeBytes: VOLUME_BYTES,
      serial: randomUUID().replaceAll('-', ''),
    }));
  }

  /** @param runDirectory - takes every log: console, server, workers */
  static async start(runDirectory: string): Promise<RealHostUnderTest> {
    const server = await startDevServer({
      headless: true,
      logFile: join(runDirectory, 'server.log'),
    });
    const [guest, control, connection] = await Promise.all([
      startGuest({ runDirectory, temporalPort: Number(server.address.split(':')[1]) }),
      startChild({
        file: process.execPath,
        args: [MOORING, 'worker', 'control'],
        env: { TEMPORAL_ADDRESS: server.address },
        logFile: join(runDirectory, 'control-worker.log'),
      }),
      Connection.connect({ address: server.address }),
    ]);
    const host = new RealHostUnderTest({
      guest,
      server,
      control,
      client: new Client({ connection }),
    });
    await createTarget(guest, { iqn: IQN, portals: PORTALS, luns: host.luns });
    await Promise.all([host.startWorker(), host.untilPolling(CONTROL_TASK_QUEUE)]);
    return host;
  }

  async stop(): Promise<void> {
    await this.guest.stop();
    await this.control.stop({ graceMs: 2_000 });
    await this.client.connection.close();
    await this.server.stop();
  }

  /** What the host worker wrote, for a failed run. */
  async workerLog(): Promise<string> {
    return this.guest.readFile(this.guest.daemonLog(WORKER));
  }

  async freshVolume(): Promise<Volume> {
    const unit = this.luns[this.used];
    if (unit === undefined) throw new Error('The lab has no LUN left: raise VOLUMES');
    this.used += 1;
    return Promise.resolve({
      volumeId: `${this.hostId}-${unit.lun}`,
      lun: unit.lun,
      wwid: wwidOf(unit.serial).dm,
      sizeBytes: VOLUME_BYTES,
    });
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
    await this.guest.dropPortal(addressOf(portal));
  }

  async restorePortals(): Promise<void> {
    for (const portal of PORTALS) await this.guest.restorePortal(addressOf(portal));
  }

  async hostState(): Promise<HostState> {
    const seen = await takeHostSnapshot(this.guest);
    // A directory that is left empty is nothing that is left.
    const files = (tree: readonly TreeEntry[]): TreeEntry[] =>
      tree.filter(({ sha256, target }) => sha256 !== undefined || target !== undefined);
    return { ...seen, nodeRecords: files(seen.nodeRecords), runTree: files(seen.runTree) };
  }

  async slavesOf(device: string): Promise<readonly string[]> {
    const listing = await this.guest.script(`ls /sys/class/block/$(basename ${device})/slaves`);
    return listing.split(/\s+/).filter((name) => name !== '');
  }

  async write(device: string, text: string): Promise<void> {
    // Padded to a block: less than one would be read first, which proves nothing more.
    await this.guest.script(
      `printf '%s' '${text}' | dd of=${device} bs=4096 conv=sync,fsync status=none`,
    );
  }

  async read(device: string, length: number): Promise<string> {
    // Past the cache: what counts is what the array holds.
    return this.guest.script(
      `dd if=${device} bs=4096 count=1 iflag=direct status=none | head -c ${length}`,
    );
  }

  async mount(device: string): Promise<void> {
    await this.guest.script(
      `mkfs.ext4 -q ${device} && mkdir -p ${MOUNT_POINT} && mount ${device} ${MOUNT_POINT}`,
      { timeoutMs: 60_000 },
    );
  }

  async unmount(): Promise<void> {
    await this.guest.script(`umount ${MOUNT_POINT}`);
  }

  async killWorker(): Promise<void> {
    await this.guest.killDaemon(WORKER, 'SIGKILL');
  }

  async startWorker(): Promise<void> {
    await this.guest.startDaemon(
      WORKER,
      [GUEST_NODE, `${GUEST_CHECKOUT}/bin/mooring.js`, 'worker', 'host', '--host-id', this.hostId],
      { TEMPORAL_ADDRESS: GUEST_TEMPORAL_ADDRESS },
    );
    await this.untilPolling(hostTaskQueue(this.hostId));
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

function addressOf(portal: string): string {
  return portal.slice(0, portal.lastIndexOf(':'));
}
