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

/** What all runs of a process share: the server, the control worker, the client, the log. */
export class TortureServer {
  readonly client: Client;
  readonly logBook: LogBook;
  readonly workflowBundle: { readonly codePath: string };
  readonly replayer: Replayer;
  readonly #address: string;
  #control: RunningWorker | undefined;
  readonly #ends: Promise<void>[] = [];
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

  /** Runs a worker until it ends, on a connection of its own: workers of one queue share none. */
  async run(options: Omit<WorkerOptions, 'connection'>): Promise<RunningWorker> {
    const connection = await NativeConnection.connect({ address: this.#address });
    const worker = await Worker.create({ ...options, connection });
    const done = worker
      .run()
      .catch(() => undefined)
      // One that was killed still holds its connection; that ends with the process.
      .then(() => connection.close().catch(() => undefined));
    return { worker, done };
  }

  async stop(): Promise<void> {
    this.#control?.worker.shutdown();
    await Promise.all(this.#ends);
    await this.client.connection.close();
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
