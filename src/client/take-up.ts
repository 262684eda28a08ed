import { setTimeout as pause } from 'node:timers/promises';
import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  isGrpcServiceError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type WorkflowUpdateHandle,
} from '@temporalio/client';
import { CONTROL_TASK_QUEUE } from '../contract/ids.js';
import type { CallScope } from './call-scope.js';
import { OperationError } from './operation-error.js';
import { timestampMs } from './payloads.js';

/** A control worker takes an update within milliseconds; after that long one asks whether there is any. */
const TAKE_UP_MS = 10_000;
const LOOK_MS = 5_000;
/** So much earlier than its deadline a call may end. */
const DEADLINE_SLACK_MS = 100;
/** So long an attachment whose workflow task has just failed, or took too long, is asked again. */
const NOT_READY_MS = 60_000;
const NOT_READY_PAUSE_MS = 500;
/** `FAILED_PRECONDITION` of gRPC. */
const FAILED_PRECONDITION = 9;
const NOT_READY_DETAILS =
  /Workflow Task in failed state|unexpected workflow task failure|Update-with-Start could not be executed/;
/** A worker's long poll is renewed at least each minute; what polled before that has gone. */
const POLL_FRESH_MS = 70_000;

/**
 * Sends an update until a control worker has taken it. Busy workers are waited for, absent ones and
 * those that do not get on are reported: without this a call would hang for ever on a fleet whose control workers are down.
 *
 * @param send - the same update id each time, so sending it again is harmless
 * @throws OperationError `ControlWorkerUnavailable`
 */
export async function takeUp<Result>(
  client: Client,
  scope: Pick<CallScope, 'deadlineAt' | 'isLeft'>,
  send: () => Promise<WorkflowUpdateHandle<Result>>,
): Promise<WorkflowUpdateHandle<Result>> {
  const { deadlineAt = Number.POSITIVE_INFINITY } = scope;
  const notReadyUntilAt = Math.min(Date.now() + NOT_READY_MS, deadlineAt);
  for (;;) {
    const untilAt = Math.min(Date.now() + TAKE_UP_MS, deadlineAt);
    try {
      return await client.withDeadline(untilAt, send);
    } catch (error) {
      if (scope.isLeft) throw error;
      if (isNotReady(error)) {
        if (Date.now() >= notReadyUntilAt) throw stuck(error);
        await pause(NOT_READY_PAUSE_MS);
        continue;
      }
      if (!isDeadline(error)) throw error;
      if (!(await hasControlWorker(client))) {
        throw new OperationError({
          type: 'ControlWorkerUnavailable',
          message:
            'No control worker has taken the request; ' +
            'it may still be carried out when one comes',
          facts: { taskQueue: CONTROL_TASK_QUEUE },
          cause: error,
        });
      }
      if (Date.now() >= deadlineAt - DEADLINE_SLACK_MS) throw error;
    }
  }
}

function stuck(cause: unknown): OperationError {
  return new OperationError({
    type: 'ControlWorkerUnavailable',
    message: 'The control worker fails at the tasks of this attachment, or takes too long for them',
    facts: { taskQueue: CONTROL_TASK_QUEUE },
    advice: 'look into the log of the control worker; add workers if it is overloaded',
    cause,
  });
}

/** Whether any worker polled the control queue of late. Unknown counts as yes. */
export async function hasControlWorker(client: Client): Promise<boolean> {
  try {
    const { pollers } = await client.withDeadline(Date.now() + LOOK_MS, () =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: CONTROL_TASK_QUEUE },
      }),
    );
    const freshAt = Date.now() - POLL_FRESH_MS;
    return pollers.some(({ lastAccessTime }) => timestampMs(lastAccessTime) > freshAt);
  } catch {
    return true;
  }
}

/** The server may cancel a call a moment before its deadline would. */
function isDeadline(error: unknown): boolean {
  return (
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcDeadlineError(error) ||
    isGrpcCancelledError(error)
  );
}

/**
 * The server refuses an update while the attachment's workflow tasks fail: an overloaded control
 * worker, or one that cannot carry the run on. It also refuses the updates of a single task it turned
 * back because something had happened meanwhile. Of an update-with-start it does not say which.
 */
function isNotReady(error: unknown): boolean {
  const status = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  return (
    isGrpcServiceError(status) &&
    (status.code as number) === FAILED_PRECONDITION &&
    NOT_READY_DETAILS.test(status.details)
  );
}
