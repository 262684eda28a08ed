import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { CONTROL_TASK_QUEUE } from '../../src/contract/ids.js';
import { startChild, type ChildProcess } from '../../src/demo/child-process.js';
import { startDevServer, type DevServer } from '../../src/demo/dev-server.js';
import { startSimulatedHosts } from '../../src/demo/simulated-hosts.js';
import { DURATIONS, type Durations } from '../../src/simulator/durations.js';
import { connectSimulatedHost, type RemoteHost } from '../../src/simulator/remote-host.js';
import { readPresence } from '../../src/worker/worker-presence.js';
import { eventually } from '../support/eventually.js';

export const IQN = 'iqn.2026-11.io.example:durability';
export const PORTALS = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map((it) => `${it}:3260`);

const MOORING = fileURLToPath(new URL('../../bin/mooring.js', import.meta.url));
/** The simulated hosts do everything twenty times as fast; deadlines of commands stay what they are. */
const SPEED = 20;
const WORKER_START_MS = 300_000;
const GRACE_MS = 1_000;

/** What all hosts of the matrix share: the server on its data file, the simulator, the control worker. */
export class Stage {
  readonly client: Client;
  readonly directory: string;
  private readonly hostIds: string[];
  private readonly simulator: ChildProcess;
  private server: DevServer;
  private control: ChildProcess | undefined;
  private used = 0;

  private constructor(parts: {
    readonly client: Client;
    readonly directory: string;
    readonly hostIds: string[];
    readonly simulator: ChildProcess;
    readonly server: DevServer;
  }) {
    this.client = parts.client;
    this.directory = parts.directory;
    this.hostIds = parts.hostIds;
    this.simulator = parts.simulator;
    this.server = parts.server;
  }

  /** @param hosts - how many the simulator has; one that went wrong is not used again */
  static async start({ hosts }: { readonly hosts: number }): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), 'mooring-durability-'));
    await mkdir(join(directory, 'secrets'), { mode: 0o700 });
    const tag = randomUUID().slice(0, 8);
    const hostIds = Array.from({ length: hosts }, (_none, index) => `durability-${tag}-${index}`);
    const [simulator, server] = await Promise.all([
      startSimulatedHosts({
        socketPath: join(directory, 'simulator.sock'),
        durations: shortened(),
        hosts: hostIds,
        targets: [{ iqn: IQN, portals: PORTALS }],
      }),
      startServer(directory),
    ]);
    const client = new Client({
      connection: await Connection.connect({ address: server.address }),
    });
    const stage = new Stage({ client, directory, hostIds, simulator, server });
    await stage.startControl();
    return stage;
  }

  /** @param keepLogs - leaves the directory with everybody's log */
  async stop({ keepLogs = false } = {}): Promise<void> {
    await this.control?.stop({ graceMs: GRACE_MS });
    await this.simulator.stop({ graceMs: GRACE_MS });
    await this.client.connection.close();
    await this.server.stop();
    if (!keepLogs) await rm(this.directory, { recursive: true, force: true });
  }

  get address(): string {
    return this.server.address;
  }

  /** The number of a host nobody has used yet, and its id. */
  takeHost(): { readonly index: number; readonly hostId: string } {
    const index = this.used;
    this.used += 1;
    const hostId = this.hostIds[index];
    if (hostId === undefined) throw new Error(`All ${this.hostIds.length} hosts are used up`);
    return { index, hostId };
  }

  connectHost(hostId: string): Promise<RemoteHost> {
    return connectSimulatedHost({ socketPath: this.socketPath, hostId });
  }

  /** A caller's own way to the server. */
  async openClient(): Promise<Client> {
    return new Client({ connection: await Connection.connect({ address: this.address }) });
  }

  startHostWorker(hostId: string): Promise<ChildProcess> {
    return this.startMooring(`${hostId}.log`, [
      ...['worker', 'host', '--host-id', hostId],
      ...['--simulated', this.socketPath],
      ...['--secrets-directory', join(this.directory, 'secrets')],
    ]);
  }

  async killControl(): Promise<void> {
    this.control?.kill('SIGKILL');
    await this.control?.exited;
    this.control = undefined;
  }

  async startControl(): Promise<void> {
    this.control = await this.startMooring('control.log', ['worker', 'control']);
    await eventually(
      async () => {
        const { polling } = await readPresence(this.client, CONTROL_TASK_QUEUE);
        if (!polling) throw new Error('no control worker polls');
      },
      { withinMs: WORKER_START_MS },
    );
  }

  async stopServer(): Promise<void> {
    await this.server.stop();
  }

  /** The same server again: same port, same data. */
  async startServer(): Promise<void> {
    this.server = await startServer(this.directory, Number(this.address.split(':')[1]));
  }

  private get socketPath(): string {
    return join(this.directory, 'simulator.sock');
  }

  private startMooring(log: string, args: readonly string[]): Promise<ChildProcess> {
    return startChild({
      file: process.execPath,
      args: [MOORING, ...args],
      env: { TEMPORAL_ADDRESS: this.address },
      logFile: join(this.directory, log),
    });
  }
}

function startServer(directory: string, port?: number): Promise<DevServer> {
  return startDevServer({
    headless: true,
    databaseFile: join(directory, 'temporal.db'),
    logFile: join(directory, 'server.log'),
    ...(port === undefined ? {} : { port }),
  });
}

function shortened(): Durations {
  const entries = Object.entries(DURATIONS).map(([name, ms]) => [name, Math.ceil(ms / SPEED)]);
  return Object.fromEntries(entries) as Durations;
}
