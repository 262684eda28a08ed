import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
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
/** A worker's long poll is renewed at least each minute; what polled before that has gone. */
const POLL_FRESH_MS = 70_000;

/**
 * Sends an update until a control worker has taken it. Busy workers are waited for, absent ones are
 * reported: without this a call would hang for ever on a fleet whose control workers are down.
 *
 * @param send - the same update id each time, so sending it again is harmless
 * @throws OperationError `ControlWorkerUnavailable`
 */
export async function takeUp<Result>(
  client: Client,
  scope: Pick<CallScope, 'deadlineAt' | 'isLeft'>,
  send: () => Promise<WorkflowUpdateHandle<Result>>,
): Promise<WorkflowUpdateHandle<Result>> {
  const { deadlineAt } = scope;
  for (;;) {
    const untilAt = Math.min(Date.now() + TAKE_UP_MS, deadlineAt ?? Number.POSITIVE_INFINITY);
    try {
      return await client.withDeadline(untilAt, send);
    } catch (error) {
      if (scope.isLeft || !isDeadline(error)) throw error;
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
      if (deadlineAt !== undefined && Date.now() >= deadlineAt - DEADLINE_SLACK_MS) throw error;
    }
  }
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
