import { setTimeout as pause } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import { ATTACHMENT_WORKFLOW, HOST_BOOTED_SIGNAL } from '../contract/names.js';
import { HOST_ATTRIBUTE } from '../contract/search-attributes.js';
import type { FileTree } from '../host/file-tree.js';
import { readHostIdentity } from '../host/host-identity.js';
import { firstLine } from './worker-refused.js';

/** A host with hundreds of volumes must not bring them all up in one moment. */
const PAUSE_BETWEEN_MS = 100;
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
 * in an earlier one and are wanted bring themselves up again; to the others it is no news.
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
  const { client, logger, hostId, files, signal } = host;
  const identity = await readHostIdentity(files);
  let told = 0;
  for (const workflowId of await openAttachments(client, hostId)) {
    try {
      await client.workflow.getHandle(workflowId).signal(HOST_BOOTED_SIGNAL, identity);
      told += 1;
    } catch (error) {
      // Closed meanwhile: nothing to bring up.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    await pause(PAUSE_BETWEEN_MS, undefined, { signal });
  }
  logger.info({ hostId, bootId: identity.bootId, attachments: told }, 'the boot is announced');
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
