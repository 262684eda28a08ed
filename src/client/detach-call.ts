import {
  WorkflowUpdateFailedError,
  type Client,
  type WorkflowUpdateHandle,
} from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import { exclusiveWorkflowId, sharedWorkflowId } from '../contract/ids.js';
import type { DetachResult } from '../model/attach-result.js';
import type { DetachRequest } from '../model/detach-request.js';
import { detachUpdate } from '../workflows/messages.js';
import type { CallScope } from './call-scope.js';
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
  const { volumeId, hostId, requestId } = request;
  for (const workflowId of [exclusiveWorkflowId(volumeId), sharedWorkflowId(volumeId, hostId)]) {
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
  update: WorkflowUpdateHandle<DetachResult>,
  request: DetachRequest,
): Promise<DetachResult> {
  try {
    return await update.result();
  } catch (error) {
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
    if (cause instanceof ApplicationFailure && cause.type === 'AcceptedUpdateCompletedWorkflow') {
      return nothingToDetach(request);
    }
    throw error;
  }
}

/** The answer when nothing is attached: a success that says so. */
export function nothingToDetach({ volumeId, hostId }: DetachRequest): DetachResult {
  return {
    volumeId,
    hostId,
    state: 'detached',
    wasAttached: false,
    removed: [],
    kept: [],
    warnings: [],
  };
}
