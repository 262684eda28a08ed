import { Client } from '@temporalio/client';
import { Runtime, type NativeConnection, type Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { connectToServer } from './connection.js';
import { createLogger } from './logging.js';
import { installRuntime } from './runtime.js';
import type { WorkerSettings } from './settings.js';
import { VERSION } from './version.js';

/** What a worker is made over. */
export interface WorkerSurroundings {
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly namespace: string;
  readonly logger: Logger;
}

/**
 * The life of a worker's process: log, connection, worker, orderly end on SIGTERM or SIGINT. Returns
 * when the worker has ended and everything is let go.
 *
 * @param about - what the first log line says
 * @throws WorkerRefused when it cannot start
 */
export async function runWorkerProcess(
  settings: WorkerSettings,
  about: Readonly<Record<string, unknown>>,
  createWorker: (surroundings: WorkerSurroundings) => Promise<Worker>,
): Promise<void> {
  const logger = createLogger({ level: settings.logLevel });
  for (const warning of settings.warnings) logger.warn(warning);
  installRuntime(settings, logger);
  const stop = watchStopSignals();
  try {
    const { address, namespace } = settings.temporal;
    const connection = await connectToServer(settings.temporal);
    try {
      const client = new Client({ connection, namespace });
      const worker = await createWorker({ connection, client, namespace, logger });
      logger.info({ ...about, version: VERSION, address, namespace }, 'worker starts');
      if (!stop.asked()) await worker.run();
      logger.info(about, 'worker has ended');
    } finally {
      // Also a worker that never ran keeps its connection from being closed.
      await connection.close().catch(() => undefined);
    }
  } finally {
    stop.unwatch();
    Runtime.instance().flushLogs();
    logger.flush();
  }
}

/** A running worker hears of signals by itself; this is for those that come while it is made. */
function watchStopSignals(): { asked(): boolean; unwatch(): void } {
  let asked = false;
  const note = (): void => {
    asked = true;
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, note);
  return {
    asked: () => asked,
    unwatch: () => {
      for (const signal of signals) process.off(signal, note);
    },
  };
}
