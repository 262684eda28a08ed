import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { CONTROL_TASK_QUEUE, hostTaskQueue } from '../../src/contract/ids.js';
import {
  runProgram,
  startChild,
  type ChildProcess,
  type ProgramEnd,
} from '../../src/demo/child-process.js';
import { startSimulatedHosts } from '../../src/demo/simulated-hosts.js';
import type { SimulatorConfig } from '../../src/simulator/process/process-config.js';
import { connectSimulatedHost, type RemoteHost } from '../../src/simulator/remote-host.js';
import { readPresence } from '../../src/worker/worker-presence.js';
import { eventually } from '../support/eventually.js';

const MOORING = fileURLToPath(new URL('../../bin/mooring.js', import.meta.url));
/** The simulated host's own durations pass five times as fast. */
const TIME_SCALE = 0.2;
/** A bound, not an expectation: 3 s on an idle machine, a minute when ten others want each core. */
const WORKER_START_MS = 150_000;
const HOST_LOG = 'host.log';

/**
 * The processes of a simulated host: its kernel, its worker and a control worker. What is killed here
 * is really killed, and the simulated kernel stays.
 */
export class SimulatedProcesses {
  readonly hostId: string;
  readonly client: Client;
  readonly host: RemoteHost;
  private readonly address: string;
  private readonly directory: string;
  private readonly children: readonly ChildProcess[];
  private worker: ChildProcess | undefined;

  private constructor(parts: {
    readonly address: string;
    readonly directory: string;
    readonly hostId: string;
    readonly client: Client;
    readonly host: RemoteHost;
    readonly children: readonly ChildProcess[];
  }) {
    this.address = parts.address;
    this.directory = parts.directory;
    this.hostId = parts.hostId;
    this.client = parts.client;
    this.host = parts.host;
    this.children = parts.children;
  }

  /** @param array - what the simulated array has at the start */
  static async start(
    address: string,
    array: Pick<SimulatorConfig, 'targets'>,
  ): Promise<SimulatedProcesses> {
    const hostId = `conformance-${randomUUID().slice(0, 8)}`;
    const directory = await mkdtemp(join(tmpdir(), 'mooring-conformance-'));
    await mkdir(join(directory, 'secrets'), { mode: 0o700 });
    const socketPath = join(directory, 'simulator.sock');
    const config = { socketPath, timeScale: TIME_SCALE, hosts: [hostId], ...array };
    const [simulator, control, connection] = await Promise.all([
      startSimulatedHosts(config),
      startMooring({ address, log: join(directory, 'control.log'), args: ['worker', 'control'] }),
      Connection.connect({ address }),
    ]);
    const processes = new SimulatedProcesses({
      ...{ address, directory, hostId },
      client: new Client({ connection }),
      host: await connectSimulatedHost({ socketPath, hostId }),
      children: [simulator, control],
    });
    await Promise.all([processes.startWorker(), processes.untilPolling(CONTROL_TASK_QUEUE)]);
    return processes;
  }

  async stop(): Promise<void> {
    this.host.close();
    await this.worker?.stop({ graceMs: 1_000 });
    await Promise.all(this.children.map((child) => child.stop({ graceMs: 1_000 })));
    await this.client.connection.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  get isWorkerAlive(): boolean {
    return this.worker !== undefined;
  }

  async killWorker(): Promise<void> {
    const { worker } = this;
    this.worker = undefined;
    worker?.kill('SIGKILL');
    await worker?.exited;
  }

  async startWorker(): Promise<void> {
    this.worker = await startMooring({
      address: this.address,
      log: join(this.directory, HOST_LOG),
      args: this.workerArgs,
    });
    await this.untilPolling(hostTaskQueue(this.hostId));
  }

  async startSecondWorker(): Promise<ProgramEnd & { readonly exitCode: number }> {
    const end = await runProgram({
      file: process.execPath,
      args: [MOORING, ...this.workerArgs],
      env: { TEMPORAL_ADDRESS: this.address },
      timeoutMs: WORKER_START_MS,
    });
    return { ...end, exitCode: end.exitCode ?? -1 };
  }

  async workerLog(): Promise<string> {
    return readFile(join(this.directory, HOST_LOG), 'utf8');
  }

  /** @returns the reference */
  async storeSecret(name: string, secret: string): Promise<string> {
    await writeFile(join(this.directory, 'secrets', name), `${secret}\n`, { mode: 0o600 });
    return `file:${name}`;
  }

  private get workerArgs(): readonly string[] {
    return [
      ...['worker', 'host', '--host-id', this.hostId],
      ...['--simulated', join(this.directory, 'simulator.sock')],
      ...['--secrets-directory', join(this.directory, 'secrets')],
    ];
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

function startMooring(options: {
  readonly address: string;
  readonly log: string;
  readonly args: readonly string[];
}): Promise<ChildProcess> {
  const { address, log, args } = options;
  return startChild({
    file: process.execPath,
    args: [MOORING, ...args],
    env: { TEMPORAL_ADDRESS: address },
    logFile: log,
  });
}
