import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { LedgerAccess } from '../activities/ledger-access.js';
import { createFailure, isFailureType, type FailureFacts } from '../contract/failures.js';
import { parseAttachmentWorkflowId } from '../contract/ids.js';
import { ATTACHMENT_WORKFLOW } from '../contract/names.js';
import { VOLUME_ATTRIBUTE } from '../contract/search-attributes.js';
import { readPresence } from './worker-presence.js';

/** One volume is attached in one mode; more open runs than hosts of a cluster are not looked at. */
const OPEN_MAX = 1_000;

/** How requests reach an attachment's entity. The client's own way; the process that starts a
 * control worker hands it in, so that there is one way only. */
export interface EntityAccess {
  attach(request: unknown): Promise<unknown>;
  detach(request: unknown): Promise<unknown>;
}

/** The open attachments, as the Temporal server knows them. */
export function createTemporalLedger(client: Client, entities: EntityAccess): LedgerAccess {
  return {
    async isOpen(workflowId) {
      try {
        const { status } = await client.workflow.getHandle(workflowId).describe();
        return status.name === 'RUNNING';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    async listOpen(volumeId) {
      // Volume ids hold no quotes (`VOLUME_ID_PATTERN`).
      const query =
        `WorkflowType = "${ATTACHMENT_WORKFLOW}" AND ExecutionStatus = "Running" AND ` +
        `${VOLUME_ATTRIBUTE.name} = "${volumeId}"`;
      const open: { workflowId: string; hostId?: string }[] = [];
      for await (const { workflowId } of client.workflow.list({ query })) {
        const hostId = parseAttachmentWorkflowId(workflowId)?.hostId;
        open.push({ workflowId, ...(hostId === undefined ? {} : { hostId }) });
        if (open.length === OPEN_MAX) break;
      }
      return open;
    },

    lastPoll: (taskQueue) => readPresence(client, taskQueue),
    attach: (request) => asFailure(entities.attach(request)),
    detach: (request) => asFailure(entities.detach(request)),
  };
}

/** An operation's failure keeps its type on its way through the front. */
async function asFailure<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Error && 'type' in error && isFailureType(error.type))) throw error;
    const facts = 'facts' in error ? (error.facts as FailureFacts) : {};
    throw createFailure(error.type, error.message, facts);
  }
}
