import type { Client } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { HostPresence } from '../model/steps.js';

/** `temporal.api.enums.v1.TaskQueueType`. */
const ACTIVITY_QUEUE = 2;
/** `temporal.api.enums.v1.WorkerStatus`. */
const RUNNING = 1;
/** A long poll is renewed at least each minute; what polled before that has gone. */
const POLL_FRESH_MS = 70_000;
/** How often a worker of mooring tells the server that it lives. */
export const WORKER_HEARTBEAT_MS = 10_000;
/** Two beats missed, and time for the last one to arrive. */
const HEARTBEAT_FRESH_MS = 2.5 * WORKER_HEARTBEAT_MS;
/** A queue has one worker; the dead ones before it are remembered for a while. */
const WORKERS_MAX = 20;

/** What the server knows of a worker by its own reports. */
export interface ReportedWorker {
  readonly identity: string;
  readonly hostName: string;
  /** It said that it runs, and said so not long ago. */
  readonly alive: boolean;
  /** Milliseconds since the epoch, by the worker's clock. */
  readonly heartbeatAt: number;
}

/**
 * Who polls a queue for activities. A killed worker stays in the server's list of pollers for
 * minutes, so the workers' own reports decide where there are any: they stop with the process.
 */
export async function readPresence(client: Client, taskQueue: string): Promise<HostPresence> {
  const [polledAt, workers] = await Promise.all([
    lastPollAt(client, taskQueue),
    reportedWorkers(client, taskQueue),
  ]);
  const seenAt = Math.max(polledAt ?? 0, ...workers.map(({ heartbeatAt }) => heartbeatAt));
  const polling =
    workers.length > 0
      ? workers.some(({ alive }) => alive)
      : Date.now() - (polledAt ?? 0) < POLL_FRESH_MS;
  return { polling, ...(seenAt === 0 ? {} : { lastSeen: new Date(seenAt).toISOString() }) };
}

/** The workers of a queue that report to the server; empty when the server keeps no reports. */
export async function reportedWorkers(
  client: Client,
  taskQueue: string,
): Promise<readonly ReportedWorker[]> {
  const { workflowService: service } = client;
  const { namespace } = client.options;
  const query = `TaskQueue = "${taskQueue}"`;
  try {
    const { workers } = await service.listWorkers({ namespace, query, pageSize: WORKERS_MAX });
    const details = await Promise.all(
      workers.map(({ workerInstanceKey }) =>
        service.describeWorker({ namespace, workerInstanceKey: workerInstanceKey ?? '' }),
      ),
    );
    return details.flatMap(({ workerInfo }) => {
      const heartbeat = workerInfo?.workerHeartbeat;
      if (heartbeat === null || heartbeat === undefined) return [];
      const heartbeatAt = optionalTsToMs(heartbeat.heartbeatTime) ?? 0;
      return {
        identity: heartbeat.workerIdentity ?? '',
        hostName: heartbeat.hostInfo?.hostName ?? '',
        alive:
          Number(heartbeat.status) === RUNNING && Date.now() - heartbeatAt < HEARTBEAT_FRESH_MS,
        heartbeatAt,
      };
    });
  } catch {
    // An older server, or one whose operator has switched it off. The pollers tell the rest.
    return [];
  }
}

async function lastPollAt(client: Client, taskQueue: string): Promise<number | undefined> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum is in a package of the SDK's own
    taskQueueType: ACTIVITY_QUEUE,
  });
  const times = pollers.map(({ lastAccessTime }) => optionalTsToMs(lastAccessTime) ?? 0);
  return times.length === 0 ? undefined : Math.max(...times);
}
