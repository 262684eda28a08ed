import { Client, Connection } from '@temporalio/client';
import {
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
  type LogLevel,
  type LogMetadata,
  type WorkerOptions,
} from '@temporalio/worker';
import type { Logger } from 'pino';
import { createControlActivities } from '../../src/activities/control-activities.js';
import { CONTROL_TASK_QUEUE } from '../../src/contract/ids.js';
import { createLogger } from '../../src/worker/logging.js';
import { createTemporalLedger } from '../../src/worker/temporal-ledger.js';
import { Replayer } from './replayer.js';
import type { FleetServer } from '../support/in-process-fleet.js';

/** A control worker that was replaced has this long to end. */
const CONTROL_GRACE_MS = 500;
const CONTROL_FORCE_MS = 3_000;

const NO_FRONTS = {
  attach: () => Promise.reject(new Error('no fronts here')),
  detach: () => Promise.reject(new Error('no fronts here')),
};

/** Everything the workers of this process log, so that it can be searched. */
export class LogBook {
  readonly lines: string[] = [];

  readonly logger: Logger = createLogger({
    level: 'debug',
    destination: { write: (line) => void this.lines.push(line) },
  });

  /** What the SDK logs, and workflows through it. */
  readonly sdkLogger = {
    log: (level: LogLevel, message: string, meta?: LogMetadata) => {
      // Every activation, with everything in it: it is in the history as well, and takes its time.
      if (level === 'TRACE') return;
      this.lines.push(`${level} ${message} ${JSON.stringify(meta ?? {}, plainly)}`);
    },
    trace: () => undefined,
    debug: () => undefined,
    info: (message: string, meta?: LogMetadata) => {
      this.sdkLogger.log('INFO', message, meta);
    },
    warn: (message: string, meta?: LogMetadata) => {
      this.sdkLogger.log('WARN', message, meta);
    },
    error: (message: string, meta?: LogMetadata) => {
      this.sdkLogger.log('ERROR', message, meta);
    },
  };
}

function plainly(_name: string, value: unknown): unknown {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return typeof value === 'bigint' ? value.toString() : value;
}

let installed: LogBook | undefined;

/** One runtime a process. */
function installLogBook(): LogBook {
  if (installed !== undefined) return installed;
  installed = new LogBook();
  const filter = makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' });
  Runtime.install({
    logger: installed.sdkLogger,
    telemetryOptions: { logging: { filter, forward: {} } },
  });
  return installed;
}

/** A worker, and its end. */
export interface RunningWorker {
  readonly worker: Worker;
  readonly done: Promise<void>;
}

/** A connection, and the queues whose workers are on it. */
interface Shared {
  readonly connecting: Promise<NativeConnection>;
  readonly queues: Set<string>;
}

/** What all runs of a process share: the server, the control worker, the client, the log. */
export class TortureServer {
  readonly client: Client;
  readonly logBook: LogBook;
  readonly workflowBundle: { readonly codePath: string };
  readonly replayer: Replayer;
  readonly #address: string;
  #control: RunningWorker | undefined;
  readonly #ends: Promise<void>[] = [];
  readonly #connections: Shared[] = [];
  /** One change after the other. */
  #turn: Promise<void> = Promise.resolve();

  private constructor(
    parts: Pick<TortureServer, 'client' | 'logBook' | 'workflowBundle'>,
    address: string,
  ) {
    this.client = parts.client;
    this.#address = address;
    this.logBook = parts.logBook;
    this.workflowBundle = parts.workflowBundle;
    this.replayer = new Replayer(parts.workflowBundle);
  }

  static async start(server: FleetServer): Promise<TortureServer> {
    const logBook = installLogBook();
    const { temporalAddress: address } = server;
    const client = new Client({ connection: await Connection.connect({ address }) });
    const workflowBundle = { codePath: server.workflowBundle };
    const torture = new TortureServer({ client, logBook, workflowBundle }, address);
    await torture.changeControlWorker();
    return torture;
  }

  /** Another control worker takes over what the one before had in its cache. */
  changeControlWorker(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#changeControlWorker());
    return this.#turn;
  }

  /** Runs a worker until it ends. */
  async run(options: Omit<WorkerOptions, 'connection'>): Promise<RunningWorker> {
    const { connecting, queues } = this.#connectionFor(options.taskQueue);
    const worker = await Worker.create({ ...options, connection: await connecting });
    // One that was killed may never end, and keeps its place.
    const done = worker
      .run()
      .catch(() => undefined)
      .then(() => void queues.delete(options.taskQueue));
    return { worker, done };
  }

  async stop(): Promise<void> {
    this.#control?.worker.shutdown();
    await Promise.all(this.#ends);
    for (const { connecting, queues } of this.#connections) {
      // Of those whose workers were killed nobody knows whether they end; they go with the process.
      if (queues.size === 0) await (await connecting).close();
    }
    await this.client.connection.close();
  }

  /**
   * Workers of one queue share no connection; all others do. Each connection makes every promise of the
   * process dearer for good (the SDK, 1.24.0, keeps an `AsyncLocalStorage` for each), and a run has dozens
   * of workers.
   */
  #connectionFor(queue: string): Shared {
    const found = this.#connections.find(({ queues }) => !queues.has(queue));
    if (found !== undefined) {
      found.queues.add(queue);
      return found;
    }
    const connecting = NativeConnection.connect({ address: this.#address });
    const added = { queues: new Set([queue]), connecting };
    this.#connections.push(added);
    return added;
  }

  async #changeControlWorker(): Promise<void> {
    const next = await this.run({
      taskQueue: CONTROL_TASK_QUEUE,
      workflowBundle: this.workflowBundle,
      activities: createControlActivities({ ledger: createTemporalLedger(this.client, NO_FRONTS) }),
      stickyQueueScheduleToStartTimeout: 1_000,
      shutdownGraceTime: CONTROL_GRACE_MS,
      shutdownForceTime: CONTROL_FORCE_MS,
    });
    this.#ends.push(next.done);
    const before = this.#control;
    this.#control = next;
    before?.worker.shutdown();
  }
}
