import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { untilPolling } from '../../lab/guest-worker.js';
import { MooringClient } from '../../src/client/mooring-client.js';
import { CONTROL_TASK_QUEUE } from '../../src/contract/ids.js';
import { startChild, type ChildProcess } from '../../src/demo/child-process.js';
import { startDevServer, type DevServer } from '../../src/demo/dev-server.js';
import { createVerbs } from '../../src/privileged/create-verbs.js';
import { createClock } from '../../src/simulator/clock.js';
import { createSimulatedHost } from '../../src/simulator/simulated-host.js';
import { StorageArray } from '../../src/simulator/storage-array.js';
import { createHostWorker } from '../../src/worker/host-worker.js';
import { createLogger } from '../../src/worker/logging.js';

const MOORING = fileURLToPath(new URL('../../bin/mooring.js', import.meta.url));
const PATHS = 4;
const VOLUME_BYTES = 67_108_864;
/** The simulated tools are next to instant: it is ourselves who are measured. */
const TIME_SCALE = 0.01;
const STOP_GRACE_MS = 2_000;
/** A frontend holds 1200 long polls of a namespace; a thousand hosts have two each. */
const DYNAMIC_CONFIG = ['frontend.namespaceCount=10000'];

interface Host {
  readonly hostId: string;
  readonly iqn: string;
  readonly portals: readonly string[];
  luns: number;
}

/**
 * Everything on this machine: the dev server and the control worker as processes of their own, and in
 * this one the client, the simulated hosts, and a host worker for each of them as it is shipped.
 */
export class LoadFleet {
  readonly server: DevServer;
  readonly control: ChildProcess;
  private readonly connections: { readonly client: Connection; readonly workers: NativeConnection };
  private readonly mooring: MooringClient;
  private readonly array = new StorageArray();
  private readonly hosts: Host[] = [];
  private readonly workers: { readonly worker: Worker; readonly done: Promise<void> }[] = [];
  private turn = 0;

  private constructor(
    server: DevServer,
    control: ChildProcess,
    connections: LoadFleet['connections'],
  ) {
    this.server = server;
    this.control = control;
    this.connections = connections;
    this.mooring = new MooringClient(new Client({ connection: connections.client }));
  }

  /** @param directory - takes the logs */
  static async start(directory: string, hosts: number): Promise<LoadFleet> {
    const server = await startDevServer({
      headless: true,
      logFile: join(directory, 'server.log'),
      dynamicConfig: DYNAMIC_CONFIG,
    });
    const { address } = server;
    const control = await startChild({
      file: process.execPath,
      args: [MOORING, 'worker', 'control', '--log-level', 'error'],
      env: { TEMPORAL_ADDRESS: address },
      logFile: join(directory, 'control.log'),
    });
    const connections = {
      client: await Connection.connect({ address }),
      workers: await NativeConnection.connect({ address }),
    };
    const fleet = new LoadFleet(server, control, connections);
    const clock = createClock(TIME_SCALE);
    for (let number = 1; number <= hosts; number += 1) await fleet.addHost(number, clock);
    await untilPolling(new Client({ connection: connections.client }), CONTROL_TASK_QUEUE);
    return fleet;
  }

  /** Attaches a volume nobody has asked for yet, at the next host in turn. @returns how long it took, ms */
  async attachNext(): Promise<number> {
    const host = this.hosts[this.turn % this.hosts.length];
    this.turn += 1;
    if (host === undefined) throw new Error('a fleet without hosts');
    const { hostId, iqn, portals } = host;
    const lun = (host.luns += 1);
    const volumeId = `vol-${randomUUID()}`;
    const wwid = `naa.6001405${randomUUID().replaceAll('-', '').slice(0, 25)}`;
    this.array.addVolume({ name: volumeId, wwid, sizeBytes: VOLUME_BYTES });
    this.array.mapLun({ iqn, lun, volume: volumeId });
    const paths = portals.map((portal) => ({ portal, iqn, lun }));
    const started = performance.now();
    await this.mooring.attach({ volumeId, hostId, connection: { paths } });
    return performance.now() - started;
  }

  async stop(): Promise<void> {
    for (const { worker } of this.workers) worker.shutdown();
    await Promise.all(this.workers.map(({ done }) => done));
    await this.control.stop({ graceMs: STOP_GRACE_MS });
    await this.connections.workers.close();
    await this.connections.client.close();
    await this.server.stop();
  }

  private async addHost(number: number, clock: ReturnType<typeof createClock>): Promise<void> {
    const hostId = `host-${String(number)}`;
    const iqn = `iqn.2026-11.io.example:array${String(number)}`;
    const portals = Array.from(
      { length: PATHS },
      (_, index) => `10.${String(number >> 8)}.${String(number & 255)}.${String(index + 1)}:3260`,
    );
    this.array.addTarget({ iqn, portals });
    this.hosts.push({ hostId, iqn, portals, luns: 0 });
    const { runner, files, writer, network } = createSimulatedHost({
      hostId,
      array: this.array,
      clock,
    });
    const { client, workers: connection } = this.connections;
    const worker = await createHostWorker(
      {
        connection,
        client: new Client({ connection: client }),
        namespace: this.server.namespace,
        logger: createLogger({ level: 'error' }),
      },
      hostId,
      {
        files,
        writer,
        network,
        verbs: createVerbs({ runner, files, writer, secrets: NO_SECRETS }),
      },
    );
    this.workers.push({ worker, done: worker.run() });
  }
}

const NO_SECRETS = { resolve: () => Promise.reject(new Error('this bench has no secrets')) };
