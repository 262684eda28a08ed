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
/** The server's type for an update that the worker's answer to it left out: nothing has become of it. */
const UNPROCESSED = 'UnprocessedUpdate';
/** An update that is left out again and again is not sent for ever. */
const UNPROCESSED_MAX = 10;
/** `ABORTED` of gRPC. */
const ABORTED = 10;

/** Whether a run closed before it had taken, or had answered, an update. */
export function hasClosedUnderneath(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError) return true;
  if (error instanceof WorkflowUpdateFailedError) return isOfType(error, UNANSWERED);
  const status = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  return isGrpcServiceError(status) && (status.code as number) === ABORTED;
}

/** Whether a worker's answer left an update out, so that nothing has become of it. */
export function wasLeftOut(error: unknown): boolean {
  return isOfType(error, UNPROCESSED);
}

function isOfType(error: unknown, type: string): boolean {
  if (!(error instanceof WorkflowUpdateFailedError)) return false;
  const { cause } = error;
  return cause instanceof ApplicationFailure && cause.type === type;
}

/** Whether the run that took an update has been continued by another one since. */
export async function hasCarriedOn(
  client: Client,
  { workflowId, workflowRunId }: WorkflowUpdateHandle<unknown>,
): Promise<boolean> {
  const run = await findRun(client, workflowId, workflowRunId);
  return run?.description.status.name === 'CONTINUED_AS_NEW';
}

/**
 * Waits for the answer to an update. A run that is continued by another one hands over what it has
 * not answered: then the same update is sent to that one, where it finds its operation under way. One
 * that a control worker left out of its answer is sent again as well.
 *
 * @param send - the same update id each time; rejects with `WorkflowNotFoundError` when no run is open
 *   any more
 * @throws what the update failed with, what `send` did, or that its run closed without an answer
 */
export async function answerAcrossRuns<Result>(
  client: Client,
  update: WorkflowUpdateHandle<Result>,
  send: () => Promise<WorkflowUpdateHandle<Result>>,
): Promise<Result> {
  let unprocessed = 0;
  for (let sent = update; ;) {
    try {
      return await sent.result();
    } catch (error) {
      if (wasLeftOut(error) && unprocessed < UNPROCESSED_MAX) unprocessed += 1;
      else if (!hasClosedUnderneath(error) || !(await hasCarriedOn(client, sent))) throw error;
      sent = await send();
    }
  }
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
