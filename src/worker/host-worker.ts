import { hostname } from 'node:os';
import { Worker } from '@temporalio/worker';
import { createHostActivities } from '../activities/host-activities.js';
import { hostTaskQueue } from '../contract/ids.js';
import { readHostIdentity } from '../host/host-identity.js';
import { createVerbs } from '../privileged/create-verbs.js';
import { DirectorySecrets } from '../privileged/secrets.js';
import type { PrivilegedVerbs } from '../privileged/verbs.js';
import { announceBoot } from './announce-boot.js';
import { takeHostLock } from './host-lock.js';
import type { HostSeams } from './host-seams.js';
import { createLogger } from './logging.js';
import { separatePrivileges } from './privilege-separation/separate.js';
import type { HostWorkerSettings } from './settings.js';
import { stepLog } from './step-log.js';
import { VERSION } from './version.js';
import { logWork } from './work-log.js';
import { reportedWorkers } from './worker-presence.js';
import { runWorkerProcess, type WorkerSurroundings } from './worker-process.js';
import { firstLine, WorkerRefused } from './worker-refused.js';

/**
 * Steps at once: several volumes of many paths each. Far above what runs, because a step that waits
 * for a free slot looks like a host that is away; who must wait for whom is decided by our locks.
 */
const SLOTS = 64;
/** A frontend serves 1200 long polls per namespace: two a host leave room for hundreds of hosts. */
const POLLERS = 2;
/** How late a running step may hear of its cancellation. */
const CANCEL_LATENCY_MS = 1_000;
/** Running steps may end; the longest command that is not cut short is iscsiadm's 45 s. */
const SHUTDOWN_GRACE_MS = 45_000;
const SHUTDOWN_FORCE_MS = 50_000;

/** What the process that starts a host worker wires into it. */
export interface HostDependencies {
  /** This machine, or a simulated host. */
  readonly openHost: () => Promise<HostSeams> | HostSeams;
}

/** What the steps of a host act through. */
export interface HostHands extends Pick<HostSeams, 'files' | 'writer' | 'network'> {
  readonly verbs: PrivilegedVerbs;
}

/**
 * Runs the steps of one host until SIGTERM or SIGINT.
 *
 * @throws WorkerRefused - another worker runs on this host, or the server cannot be reached
 */
export async function runHostWorker(
  settings: HostWorkerSettings,
  { openHost }: HostDependencies,
): Promise<void> {
  const lock = await takeHostLock(settings);
  try {
    const seams = await openHost();
    try {
      await (settings.runAs === undefined
        ? serveHost(settings, { ...seams, verbs: verbsInProcess(seams, settings) })
        : serveSeparated(settings, settings.runAs, seams));
    } finally {
      seams.close();
    }
  } finally {
    await lock.release();
  }
}

async function serveHost(
  settings: HostWorkerSettings,
  hands: HostHands,
  onCreated: (worker: Worker) => void = () => undefined,
): Promise<void> {
  const { hostId } = settings;
  const ended = new AbortController();
  try {
    await runWorkerProcess(settings, { worker: 'host', hostId }, async (surroundings) => {
      await warnOfTrouble(surroundings, hostId, hands);
      const worker = await createHostWorker(surroundings, hostId, hands);
      onCreated(worker);
      const { client, logger } = surroundings;
      const { files } = hands;
      void announceBoot({ client, logger, hostId, files, signal: ended.signal });
      return worker;
    });
  } finally {
    ended.abort();
  }
}

/** The same, with the verbs in a helper that keeps root's rights; without it the worker ends. */
async function serveSeparated(
  settings: HostWorkerSettings,
  runAs: string,
  seams: HostSeams,
): Promise<void> {
  const { secretsDirectories, simulatedHost } = settings;
  if (simulatedHost !== undefined) {
    throw new WorkerRefused('setting', 'A simulated host needs no --run-as (or MOORING_RUN_AS)');
  }
  const helper = await separatePrivileges({ runAs, secretsDirectories });
  const seen = { helperIsGone: false };
  try {
    await serveHost(settings, { ...seams, verbs: helper.verbs }, (worker) => {
      void helper.ended.then(() => {
        seen.helperIsGone = true;
        if (worker.getState() === 'RUNNING') worker.shutdown();
      });
    });
  } finally {
    helper.close();
  }
  // Started again by the init system, with a new helper.
  if (seen.helperIsGone) throw new Error('The privileged helper has ended, so the worker did too');
}

function verbsInProcess(seams: HostSeams, settings: HostWorkerSettings): PrivilegedVerbs {
  const { runner, files, writer } = logWork(seams, createLogger({ level: settings.logLevel }));
  const secrets = new DirectorySecrets(settings.secretsDirectories);
  return createVerbs({ runner, files, writer, secrets });
}

export async function createHostWorker(
  { connection, namespace, logger }: WorkerSurroundings,
  hostId: string,
  { files, writer, network, verbs }: HostHands,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    // Recorded with every step that is taken up: a part of the audit.
    identity: `${hostId}/${process.pid}/${VERSION}`,
    taskQueue: hostTaskQueue(hostId),
    activities: createHostActivities({ hostId, files, runFiles: writer, network, verbs }),
    interceptors: { activity: [stepLog(logger)] },
    maxConcurrentActivityTaskExecutions: SLOTS,
    maxConcurrentActivityTaskPolls: POLLERS,
    maxHeartbeatThrottleInterval: CANCEL_LATENCY_MS,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
  });
}

/** Says at the start what will go wrong later. The steps themselves are fenced. */
async function warnOfTrouble(
  { client, logger }: WorkerSurroundings,
  hostId: string,
  { files }: Pick<HostHands, 'files'>,
): Promise<void> {
  try {
    const { bootId, machineId } = await readHostIdentity(files);
    logger.info({ hostId, bootId, machineId }, 'host is known');
  } catch (error) {
    logger.warn({ hostId, said: firstLine(error) }, 'the identity of this host cannot be read');
  }
  const workers = await reportedWorkers(client, hostTaskQueue(hostId));
  const elsewhere = workers.find(({ alive, hostName }) => alive && hostName !== hostname());
  if (elsewhere !== undefined) {
    const { identity, hostName } = elsewhere;
    logger.warn({ hostId, identity, hostName }, 'another machine works under this host id as well');
  }
}
