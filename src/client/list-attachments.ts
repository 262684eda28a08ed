import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { HOST_ID_PATTERN, parseAttachmentWorkflowId, VOLUME_ID_PATTERN } from '../contract/ids.js';
import { ATTACHMENT_WORKFLOW } from '../contract/names.js';
import { invalidRequest } from '../contract/request-problems.js';
import * as attributes from '../contract/search-attributes.js';
import { ATTACHMENT_STATES, type AttachmentState } from '../contract/states.js';

/**
 * Which attachments to list.
 *
 * @example
 * ```ts
 * const filter: ListFilter = { hostId: 'db-17', state: 'waiting-for-host' };
 * ```
 */
export interface ListFilter {
  readonly hostId?: string;
  readonly volumeId?: string;
  readonly state?: AttachmentState;
  /** Closed ones too, as far as the server keeps them. */
  readonly all?: boolean;
}

/**
 * One attachment in the fleet's inventory.
 *
 * @example
 * ```ts
 * for await (const row of mooring.list({ state: 'degraded' })) {
 *   process.stdout.write(`${row.hostId} ${row.volumeId} ${row.pathsPresent}/${row.pathsExpected}\n`);
 * }
 * ```
 */
export interface AttachmentRow {
  readonly hostId: string;
  readonly volumeId: string;
  readonly access: 'exclusive' | 'shared';
  readonly state: AttachmentState;
  readonly wwid?: string;
  readonly pathsExpected?: number;
  readonly pathsPresent?: number;
  /** ISO time at which the run began. */
  readonly since: string;
  /** ISO time at which the run closed. */
  readonly closedAt?: string;
  readonly workflowId: string;
  readonly runId: string;
}

/** Reads the inventory from the visibility store: a moment late, and cheap for a whole fleet. */
export async function* listAttachments(
  client: Client,
  filter: ListFilter,
): AsyncGenerator<AttachmentRow> {
  for await (const info of client.workflow.list({ query: visibilityQuery(filter) })) {
    yield attachmentRow(info);
  }
}

/**
 * The visibility query for a filter. Every value is checked first, so none can end its quotes.
 *
 * @throws ApplicationFailure `InvalidRequest`
 */
export function visibilityQuery({ hostId, volumeId, state, all = false }: ListFilter): string {
  const problems = [
    ...(hostId === undefined || HOST_ID_PATTERN.test(hostId) ? [] : ['hostId']),
    ...(volumeId === undefined || VOLUME_ID_PATTERN.test(volumeId) ? [] : ['volumeId']),
    ...(state === undefined || ATTACHMENT_STATES.includes(state) ? [] : ['state']),
  ].map((field) => ({ field, problem: 'has a form that no attachment has' }));
  if (problems.length > 0) throw invalidRequest(problems);
  return [
    `WorkflowType = '${ATTACHMENT_WORKFLOW}'`,
    ...(all ? [] : [`ExecutionStatus = 'Running'`]),
    ...(hostId === undefined ? [] : [`${attributes.HOST_ATTRIBUTE.name} = '${hostId}'`]),
    ...(volumeId === undefined ? [] : [`${attributes.VOLUME_ATTRIBUTE.name} = '${volumeId}'`]),
    ...(state === undefined ? [] : [`${attributes.STATE_ATTRIBUTE.name} = '${state}'`]),
  ].join(' AND ');
}

function attachmentRow(info: WorkflowExecutionInfo): AttachmentRow {
  const { workflowId, runId, startTime, closeTime, typedSearchAttributes: seen } = info;
  const named = parseAttachmentWorkflowId(workflowId);
  const wwid = seen.get(attributes.WWID_ATTRIBUTE);
  const pathsExpected = seen.get(attributes.PATHS_EXPECTED_ATTRIBUTE);
  const pathsPresent = seen.get(attributes.PATHS_PRESENT_ATTRIBUTE);
  return {
    hostId: seen.get(attributes.HOST_ATTRIBUTE) ?? named?.hostId ?? '',
    volumeId: seen.get(attributes.VOLUME_ATTRIBUTE) ?? named?.volumeId ?? workflowId,
    access: named?.hostId === undefined ? 'exclusive' : 'shared',
    state: stateOf(info),
    ...(wwid === undefined ? {} : { wwid }),
    ...(pathsExpected === undefined ? {} : { pathsExpected }),
    ...(pathsPresent === undefined ? {} : { pathsPresent }),
    since: startTime.toISOString(),
    ...(closeTime === undefined ? {} : { closedAt: closeTime.toISOString() }),
    workflowId,
    runId,
  };
}

/** How the run ended says more than the state it was last in. */
function stateOf({ status, typedSearchAttributes }: WorkflowExecutionInfo): AttachmentState {
  if (status.name === 'FAILED' || status.name === 'TIMED_OUT') return 'failed';
  if (status.name === 'TERMINATED') return 'abandoned';
  const state = typedSearchAttributes.get(attributes.STATE_ATTRIBUTE);
  return ATTACHMENT_STATES.find((known) => known === state) ?? 'attaching';
}
