import { hostname } from 'node:os';
import { Worker } from '@temporalio/worker';
import type { Client } from '@temporalio/client';
import { createControlActivities } from '../activities/control-activities.js';
import { CONTROL_TASK_QUEUE } from '../contract/ids.js';
import type { WorkerSettings } from './settings.js';
import { stepLog } from './step-log.js';
import { createTemporalLedger, type EntityAccess } from './temporal-ledger.js';
import { VERSION } from './version.js';
import { runWorkerProcess, type WorkerSurroundings } from './worker-process.js';
import { workflowCode } from './workflow-code.js';

/** After a control worker is killed its cached workflows wait this long before another takes them. */
const STICKY_TIMEOUT_MS = 3_000;
/** Control steps are short; the fronts that wait for an entity are sent again elsewhere. */
const SHUTDOWN_GRACE_MS = 5_000;
const SHUTDOWN_FORCE_MS = 15_000;

/** What the process that starts a control worker wires into it. */
export interface ControlDependencies {
  /** The client library over the worker's own connection. */
  readonly openEntities: (client: Client) => EntityAccess;
}

/**
 * Runs workflows and control steps until SIGTERM or SIGINT. Any number may run side by side.
 *
 * @throws WorkerRefused when it cannot start
 */
export async function runControlWorker(
  settings: WorkerSettings,
  { openEntities }: ControlDependencies,
): Promise<void> {
  await runWorkerProcess(settings, { worker: 'control' }, (surroundings) =>
    createControlWorker(surroundings, openEntities(surroundings.client)),
  );
}

export async function createControlWorker(
  { connection, client, namespace, logger }: WorkerSurroundings,
  entities: EntityAccess,
): Promise<Worker> {
  const code = workflowCode();
  return Worker.create({
    connection,
    namespace,
    identity: `control/${hostname()}/${process.pid}/${VERSION}`,
    taskQueue: CONTROL_TASK_QUEUE,
    ...code,
    activities: createControlActivities({ ledger: createTemporalLedger(client, entities) }),
    interceptors: { ...code.interceptors, activity: [stepLog(logger)] },
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT_MS,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
  });
}
