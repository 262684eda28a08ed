import type { Client, WorkflowUpdateHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { DetachResult } from '../model/attach-result.js';
import type { DetachRequest } from '../model/detach-request.js';
import { detachUpdate } from '../workflows/messages.js';
import { possibleIds } from './attachment-call.js';
import type { CallScope } from './call-scope.js';
import { answerAcrossRuns, hasClosedUnderneath, refuseEndedByForce } from './closed-runs.js';
import { findRun } from './find-attachment.js';
import { takeUp } from './take-up.js';
import { detachUpdateId } from './update-ids.js';

/**
 * Sends a detach to the open attachment of its volume: the exclusive one, or else the host's shared
 * one.
 *
 * @returns `undefined` when nothing is open, so that there is nothing to detach
 */
export async function sendDetach(
  client: Client,
  scope: CallScope,
  request: DetachRequest & { requestId: string },
): Promise<WorkflowUpdateHandle<DetachResult> | undefined> {
  const { requestId } = request;
  for (const workflowId of possibleIds(request)) {
    try {
      return await takeUp(client, scope, () =>
        client.workflow.getHandle(workflowId).startUpdate(detachUpdate, {
          waitForStage: 'ACCEPTED',
          updateId: detachUpdateId(requestId),
          args: [request],
        }),
      );
    } catch (error) {
      // Never there, or closed by now.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  return undefined;
}

/** Waits for a detach. A run that closed under it, by another detach, leaves nothing to do. */
export async function detachOutcome(
  client: Client,
  scope: CallScope,
  update: WorkflowUpdateHandle<DetachResult>,
  request: DetachRequest & { requestId: string },
): Promise<DetachResult> {
  const { workflowId, workflowRunId } = update;
  const sendAgain = async (): Promise<WorkflowUpdateHandle<DetachResult>> => {
    const sent = await sendDetach(client, scope, request);
    if (sent !== undefined) return sent;
    throw new WorkflowNotFoundError('Closed by now', workflowId, workflowRunId);
  };
  try {
    return await answerAcrossRuns(client, update, sendAgain);
  } catch (error) {
    if (!hasClosedUnderneath(error)) throw error;
    await refuseEndedByForce(client, update);
    return nothingToDetach(client, request);
  }
}

/** The answer when nothing is attached: a success that says so. */
export async function nothingToDetach(
  client: Client,
  { volumeId, hostId }: DetachRequest,
): Promise<DetachResult> {
  const runs = await Promise.all(
    possibleIds({ volumeId, hostId }).map((workflowId) => findRun(client, workflowId)),
  );
  const warnings = runs
    .filter((run) => run?.description.status.name === 'TERMINATED')
    .map((run) => `${run?.workflowId ?? ''} was ended by force: look at what is left on the host`);
  return {
    volumeId,
    hostId,
    state: 'detached',
    wasAttached: false,
    removed: [],
    kept: [],
    warnings,
  };
}
