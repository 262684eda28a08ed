import {
  isGrpcServiceError,
  WorkflowUpdateFailedError,
  type Client,
  type WorkflowUpdateHandle,
} from '@temporalio/client';
import { ApplicationFailure, TerminatedFailure, WorkflowNotFoundError } from '@temporalio/common';
import { findRun } from './find-attachment.js';

/** The server's type for an update whose run closed before it was answered. */
const UNANSWERED = 'AcceptedUpdateCompletedWorkflow';
/** `ABORTED` of gRPC. */
const ABORTED = 10;

/** Whether a run closed before it had taken, or had answered, an update. */
export function hasClosedUnderneath(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError) return true;
  if (error instanceof WorkflowUpdateFailedError) {
    const { cause } = error;
    return cause instanceof ApplicationFailure && cause.type === UNANSWERED;
  }
  const status = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  return isGrpcServiceError(status) && (status.code as number) === ABORTED;
}

/**
 * An attachment closes itself only when nothing is left on its host. One that was ended by force is
 * no such thing: nobody knows what is left, and nothing must be concluded or begun anew.
 *
 * @throws TerminatedFailure
 */
export async function refuseEndedByForce(
  client: Client,
  { workflowId, workflowRunId }: WorkflowUpdateHandle<unknown>,
): Promise<void> {
  const run = await findRun(client, workflowId, workflowRunId);
  const status = run?.description.status.name;
  if (status === 'TERMINATED' || status === 'TIMED_OUT') {
    throw new TerminatedFailure(`${workflowId} was ended by force`);
  }
}
