import { Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { prometheusMetrics } from './metrics.js';
import { RuntimeLogger } from './runtime-logger.js';
import type { WorkerSettings } from './settings.js';
import { WORKER_HEARTBEAT_MS } from './worker-presence.js';
import { firstLine, WorkerRefused } from './worker-refused.js';

/**
 * Sets up the SDK for this process: logs to pino, metrics on request. Once per process, before any
 * connection.
 *
 * @throws WorkerRefused when the metrics address cannot be used
 */
export function installRuntime(settings: WorkerSettings, logger: Logger): void {
  const { metricsAddress } = settings;
  try {
    Runtime.install({
      logger: new RuntimeLogger(logger),
      workerHeartbeatInterval: WORKER_HEARTBEAT_MS,
      telemetryOptions: {
        logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
        ...(metricsAddress === undefined ? {} : { metrics: prometheusMetrics(metricsAddress) }),
      },
    });
  } catch (error) {
    if (metricsAddress === undefined) throw error;
    throw new WorkerRefused(
      'setting',
      `No metrics can be offered at ${metricsAddress} (--metrics-address or MOORING_METRICS_ADDRESS): ${firstLine(error)}`,
      error,
    );
  }
}
