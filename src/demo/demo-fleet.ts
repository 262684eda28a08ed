import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { connect } from '../client/connection.js';
import { MooringClient } from '../client/mooring-client.js';
import { CONTROL_TASK_QUEUE, exclusiveWorkflowId, hostTaskQueue } from '../contract/ids.js';
import { connectSimulatedHost, type RemoteHost } from '../simulator/remote-host.js';
import { setUpNamespace } from '../worker/setup.js';
import { readPresence } from '../worker/worker-presence.js';
import { startChild, type ChildProcess } from './child-process.js';
import { simulatedWorld, type DemoPlan } from './demo-plan.js';
import type { DemoServer } from './demo-server.js';
import { startSimulatedHosts } from './simulated-hosts.js';

/** The command line of this very installation. */
export const MOORING = fileURLToPath(new URL('../../bin/mooring.js', import.meta.url));
/** A cold start with bundling on a busy machine. */
const WORKER_START_MS = 40_000;
const LOOK_INTERVAL_MS = 50;
const SIMULATOR = 'simulator';
/** Of each log, when something went wrong. */
const LAST_LINES = 5;
/** Nothing of the demo needs an orderly end: it runs on simulated hosts that go away with it. */
const STOP_GRACE_MS = 2_000;

export interface DemoFleetOptions {
  readonly server: DemoServer;
  readonly plan: DemoPlan;
  /** Takes logs and the simulator's socket. */
  readonly directory: string;
}

/** Workers and simulated hosts, each a process of its own, and a client. */
export class DemoFleet {
  readonly mooring: MooringClient;
  readonly #client: Client;
  readonly #options: DemoFleetOptions;
  readonly #children = new Map<string, ChildProcess>();
  readonly #hosts: RemoteHost[] = [];
  #stopped = false;

  private constructor(client: Client, options: DemoFleetOptions) {
    this.#client = client;
    this.#options = options;
    this.mooring = new MooringClient(client);
  }

  /** A fleet whose processes are yet to be started. */
  static async create(options: DemoFleetOptions): Promise<DemoFleet> {
    return new DemoFleet(await connect(options.server.settings), options);
  }

  /**
   * Starts everything and waits until all workers can be seen from the server.
   *
   * @throws Error that names what did not start
   */
  async start(signal: AbortSignal): Promise<void> {
    const { plan, server } = this.#options;
    const { namespace } = server.settings;
    const hostIds = [plan.hostId, plan.otherHostId];
    await Promise.all([
      setUpNamespace({ connection: this.#client.connection, namespace }),
      this.#keep(SIMULATOR, startSimulatedHosts(simulatedWorld(plan, this.#socketPath))),
    ]);
    await Promise.all([
      this.#startWorker('control', ['control']),
      ...hostIds.map((hostId) => this.startHostWorker(hostId)),
    ]);
    await Promise.all([
      this.#untilPolling('control', CONTROL_TASK_QUEUE, signal),
      ...hostIds.map((hostId) => this.#untilPolling(hostId, hostTaskQueue(hostId), signal)),
    ]);
  }

  /** @returns the id of its process */
  async startHostWorker(hostId: string): Promise<number> {
    const args = ['host', '--host-id', hostId, '--simulated', this.#socketPath];
    return this.#startWorker(hostId, args);
  }

  /** Ends a host worker as a crash does. @returns the id its process had */
  async killHostWorker(hostId: string): Promise<number> {
    const child = this.#children.get(hostId);
    if (child === undefined) throw new Error(`There is no worker of ${hostId}`);
    child.kill('SIGKILL');
    await child.exited;
    this.#children.delete(hostId);
    return child.pid;
  }

  /** What runs, by name. */
  get processes(): readonly { readonly name: string; readonly pid: number }[] {
    return [...this.#children].map(([name, { pid }]) => ({
      name: name === SIMULATOR ? 'array and hosts' : `worker ${name}`,
      pid,
    }));
  }

  /** The end of each worker's log, for the case that something went wrong. */
  get lastWords(): string {
    return [...this.#children.keys()].map((name) => this.#lastWords(name)).join('\n');
  }

  /** A simulated host and its array in the experimenter's hands. */
  async hold(hostId: string): Promise<RemoteHost> {
    const host = await connectSimulatedHost({ socketPath: this.#socketPath, hostId });
    this.#hosts.push(host);
    return host;
  }

  /** Ends every process; on a server that stays, what the demo has open is closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#options.server.isForeign) await this.#closeRun();
    for (const host of this.#hosts) host.close();
    await Promise.all(
      [...this.#children.values()].map((child) => child.stop({ graceMs: STOP_GRACE_MS })),
    );
    await this.#client.connection.close();
  }

  /** Its hosts go away with the demo, so nothing is left anywhere that would need a detach. */
  async #closeRun(): Promise<void> {
    const { volumeId } = this.#options.plan;
    const handle = this.#client.workflow.getHandle(exclusiveWorkflowId(volumeId));
    await this.#client
      .withDeadline(Date.now() + STOP_GRACE_MS, () => handle.terminate('the demo has ended'))
      // Closed already, as it should be, or never opened.
      .catch(() => undefined);
  }

  get #socketPath(): string {
    return join(this.#options.directory, 'simulator.sock');
  }

  async #startWorker(name: string, args: readonly string[]): Promise<number> {
    const { server, directory } = this.#options;
    const { pid } = await this.#keep(
      name,
      startChild({
        file: process.execPath,
        args: [MOORING, 'worker', ...args],
        env: server.environment,
        logFile: join(directory, `${name}.log`),
      }),
    );
    return pid;
  }

  /** Remembers a process, or ends it at once when the fleet was stopped meanwhile. */
  async #keep(name: string, starting: Promise<ChildProcess>): Promise<ChildProcess> {
    const child = await starting;
    if (this.#stopped) await child.stop({ graceMs: 0 });
    this.#children.set(name, child);
    return child;
  }

  async #untilPolling(name: string, taskQueue: string, signal: AbortSignal): Promise<void> {
    const didNotStart = new Error(`The worker ${name} did not start`);
    const ended = this.#children.get(name)?.exited.then(() => true);
    const deadline = Date.now() + WORKER_START_MS;
    while (!(await readPresence(this.#client, taskQueue)).polling) {
      const look = pause(LOOK_INTERVAL_MS, false, { signal });
      if ((await Promise.race([ended, look])) === true) throw didNotStart;
      if (Date.now() > deadline) throw didNotStart;
    }
  }

  #lastWords(name: string): string {
    const path = join(this.#options.directory, `${name}.log`);
    if (!existsSync(path)) return '';
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    return lines
      .slice(-LAST_LINES)
      .map((line) => `${name}: ${line}`)
      .join('\n');
  }
}
