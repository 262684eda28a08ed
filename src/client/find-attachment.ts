import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import {
  exclusiveWorkflowId,
  HOST_ID_PATTERN,
  sharedWorkflowId,
  VOLUME_ID_PATTERN,
} from '../contract/ids.js';
import { invalidRequest } from '../contract/request-problems.js';
import { HOST_ATTRIBUTE } from '../contract/search-attributes.js';
import { listAttachments } from './list-attachments.js';
import { OperationError } from './operation-error.js';
import { AFTER_MEMO } from './update-ids.js';

/**
 * One run of an attachment, as the server describes it now.
 *
 * @example
 * ```ts
 * const { isOpen, workflowId } = await mooring.find({ volumeId: 'vol-7f3c' });
 * ```
 */
export interface FoundRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly isOpen: boolean;
  /** The closed run this one was started after. */
  readonly after: string | undefined;
  readonly hostId: string | undefined;
  readonly description: WorkflowExecutionDescription;
}

/**
 * Which attachment is meant. Without a host: the only one there is.
 *
 * @example
 * ```ts
 * const name: AttachmentName = { volumeId: 'vol-7f3c', hostId: 'db-17' };
 * ```
 */
export interface AttachmentName {
  readonly volumeId: string;
  readonly hostId?: string;
  /** One of its runs; default: the open one, or else the one that closed last. */
  readonly runId?: string;
}

/** One run of a workflow, the latest unless it is named. Strongly consistent. */
export async function findRun(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<FoundRun | undefined> {
  try {
    const description = await client.workflow.getHandle(workflowId, runId).describe();
    return {
      workflowId,
      runId: description.runId,
      isOpen: isOpen(description),
      after: afterOf(description),
      hostId: description.typedSearchAttributes.get(HOST_ATTRIBUTE),
      description,
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function afterOf({ memo }: WorkflowExecutionDescription): string | undefined {
  const after = memo?.[AFTER_MEMO];
  return typeof after === 'string' ? after : undefined;
}

function isOpen({ status }: WorkflowExecutionDescription): boolean {
  return status.name === 'RUNNING' || status.name === 'PAUSED';
}

/**
 * Finds an attachment by its volume: the open one, or else the one that closed last.
 *
 * @throws OperationError `NotFound`, or `InvalidRequest` when the volume is shared by several hosts
 */
export async function findAttachment(client: Client, name: AttachmentName): Promise<FoundRun> {
  const { volumeId, hostId, runId } = name;
  checkName(name);
  const sharedHosts = hostId === undefined ? await hostsSharing(client, volumeId) : [hostId];
  const runs = await Promise.all([
    findRun(client, exclusiveWorkflowId(volumeId), runId),
    ...sharedHosts.map((host) => findRun(client, sharedWorkflowId(volumeId, host), runId)),
  ]);
  const found = runs
    .filter((run) => run !== undefined)
    .filter((run) => hostId === undefined || run.hostId === undefined || run.hostId === hostId);
  const open = found.filter((run) => run.isOpen);
  if (open.length > 1) {
    const hosts = open.map((run) => run.hostId ?? run.workflowId);
    throw new OperationError({
      type: 'InvalidRequest',
      message: `Volume ${volumeId} is attached to ${hosts.join(', ')}: say which host is meant`,
      facts: { problems: [{ field: 'hostId', problem: 'must be given' }], hosts },
      advice: 'name one with --host',
    });
  }
  const [best] = open.length > 0 ? open : found.sort(latestFirst);
  if (best !== undefined) return best;
  const elsewhere = runs.find((run) => run?.isOpen === true)?.hostId;
  throw new OperationError({
    type: 'NotFound',
    message:
      `Nothing is known of volume ${volumeId}` +
      (hostId === undefined ? '' : ` on host ${hostId}`) +
      (elsewhere === undefined ? '' : `; it is on ${elsewhere}`),
    facts: { volumeId, ...(hostId === undefined ? {} : { hostId }) },
  });
}

/** @throws ApplicationFailure `InvalidRequest` */
function checkName({ volumeId, hostId }: AttachmentName): void {
  const problems = [
    ...(VOLUME_ID_PATTERN.test(volumeId) ? [] : ['volumeId']),
    ...(hostId === undefined || HOST_ID_PATTERN.test(hostId) ? [] : ['hostId']),
  ].map((field) => ({ field, problem: 'has a form that no attachment has' }));
  if (problems.length > 0) throw invalidRequest(problems);
}

/** Hosts that have, or had, shared access to a volume. From visibility: a moment late. */
async function hostsSharing(client: Client, volumeId: string): Promise<string[]> {
  const exclusiveId = exclusiveWorkflowId(volumeId);
  const hosts = new Set<string>();
  for await (const row of listAttachments(client, { volumeId, all: true })) {
    if (row.workflowId !== exclusiveId) hosts.add(row.hostId);
    if (hosts.size >= HOSTS_MAX) break;
  }
  return [...hosts];
}

/** More hosts than that must be told apart by the caller. */
const HOSTS_MAX = 50;

function latestFirst(left: FoundRun, right: FoundRun): number {
  return right.description.startTime.getTime() - left.description.startTime.getTime();
}
