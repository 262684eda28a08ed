import { setTimeout as pause } from 'node:timers/promises';
import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import { ATTACHMENT_WORKFLOW, HOST_BOOTED_SIGNAL, STATE_QUERY } from '../contract/names.js';
import { POLICY_BOUNDS } from '../contract/policy.js';
import { HOST_ATTRIBUTE } from '../contract/search-attributes.js';
import type { HostIdentity } from '../host/facts.js';
import type { FileTree } from '../host/file-tree.js';
import { readHostIdentity } from '../host/host-identity.js';
import type { AttachmentView } from '../model/attachment.js';
import { firstLine } from './worker-refused.js';

/**
 * A host may have hundreds of volumes. So many are brought up at a time: few enough that each is done
 * well before its deadline while the host is still busy with its boot (lab: 4 x 4 paths within 25 s).
 */
export const RECOVERIES_AT_ONCE = 4;
/** One that takes longer than an attach may is not waited for; it goes on by itself. */
const RECOVERY_WATCH_MS = POLICY_BOUNDS.deadlineMs.default;
/** The longer it takes, the less often it is looked at: a busy host has better to do. */
const LOOK_INTERVAL_MS = 500;
const LOOK_AGAIN_FACTOR = 0.25;
/** A control worker answers within milliseconds; without an answer the attachment is told anyway. */
const LOOK_TIMEOUT_MS = 5_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 60_000;
const TRIES_MAX = 100;

/** What an announcement needs of a host worker. */
export interface AnnouncingHost {
  readonly client: Client;
  readonly logger: Logger;
  readonly hostId: string;
  readonly files: FileTree;
  /** Aborts when the worker ends. */
  readonly signal: AbortSignal;
}

/**
 * Tells the open attachments of this host, oldest first, which boot it is. Those that were brought up
 * in an earlier one and are wanted bring themselves up again, {@link RECOVERIES_AT_ONCE} at a time.
 * Those of this boot are not told: a worker that is merely started again leaves no trace.
 *
 * Never rejects: the worker serves its host in any case, and tries again until it is heard.
 */
export async function announceBoot(host: AnnouncingHost): Promise<void> {
  const { logger, hostId, signal } = host;
  let pauseMs = RETRY_MIN_MS;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    try {
      await announceOnce(host);
      return;
    } catch (error) {
      if (isAborted(signal)) return;
      logger.info({ hostId, said: firstLine(error) }, 'the boot could not be announced yet');
    }
    await pause(pauseMs, undefined, { signal }).catch(() => undefined);
    if (isAborted(signal)) return;
    pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS);
  }
}

/** Asked anew each time: it changes while something is awaited. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function announceOnce(host: AnnouncingHost): Promise<void> {
  const { client, logger, hostId, files } = host;
  const identity = await readHostIdentity(files);
  const waiting = await openAttachments(client, hostId);
  let told = 0;
  const inTurn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (await announceTo(host, next, identity)) told += 1;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: RECOVERIES_AT_ONCE }, inTurn));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  logger.info({ hostId, bootId: identity.bootId, attachments: told }, 'the boot is announced');
}

/**
 * Tells one attachment, and waits until it has drawn its conclusion.
 *
 * @returns whether it was news
 */
async function announceTo(
  { client, signal }: AnnouncingHost,
  workflowId: string,
  identity: HostIdentity,
): Promise<boolean> {
  const attachment = client.workflow.getHandle(workflowId);
  const before = await look(client, attachment);
  if (before !== undefined && (before.bootId ?? identity.bootId) === identity.bootId) return false;
  try {
    await attachment.signal(HOST_BOOTED_SIGNAL, identity);
  } catch (error) {
    // Closed meanwhile: nothing to bring up.
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
  const start = performance.now();
  for (let waitedMs = 0; waitedMs < RECOVERY_WATCH_MS; waitedMs = performance.now() - start) {
    const seen = await look(client, attachment);
    if (seen !== undefined && seen.recovering === undefined) break;
    const pauseMs = Math.max(LOOK_INTERVAL_MS, waitedMs * LOOK_AGAIN_FACTOR);
    await pause(pauseMs, undefined, { signal });
  }
  return true;
}

/** What an attachment knows; `undefined` when there is no answer. */
async function look(
  client: Client,
  attachment: WorkflowHandle,
): Promise<AttachmentView | undefined> {
  try {
    return await client.withDeadline(Date.now() + LOOK_TIMEOUT_MS, () =>
      attachment.query<AttachmentView>(STATE_QUERY),
    );
  } catch {
    return undefined;
  }
}

async function openAttachments(client: Client, hostId: string): Promise<string[]> {
  // Host ids hold no quotes (`HOST_ID_PATTERN`).
  const query =
    `WorkflowType = "${ATTACHMENT_WORKFLOW}" AND ExecutionStatus = "Running" AND ` +
    `${HOST_ATTRIBUTE.name} = "${hostId}"`;
  const open: { workflowId: string; startedAt: number }[] = [];
  for await (const { workflowId, startTime } of client.workflow.list({ query })) {
    open.push({ workflowId, startedAt: startTime.getTime() });
  }
  return open.sort((a, b) => a.startedAt - b.startedAt).map(({ workflowId }) => workflowId);
}
