import { proxyActivities } from '@temporalio/workflow';
import { FINAL_FAILURES, PERMANENT_FAILURES } from '../contract/failures.js';
import { CONTROL_TASK_QUEUE, hostTaskQueue } from '../contract/ids.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import type { ControlSteps, HostSteps } from '../model/steps.js';

/** Slack between what a step waits for by itself and the server giving up on it. */
const STEP_SLACK_MS = 15_000;

/** What differs from step to step. Times are milliseconds. */
export interface StepTimes {
  /** One line for the history: `log in to 10.0.0.1:3260`. */
  readonly summary: string;
  /** The longest the step itself may take. */
  readonly takesMs: number;
}

/**
 * Steps of an attach. The host must take them soon, and all end before the deadline.
 *
 * One attempt: whether a step that timed out is tried again is decided in the workflow, because only
 * so a schedule-to-start timeout proves that the step never ran and left nothing to undo.
 */
export function attachSteps(
  hostId: string,
  times: StepTimes & { readonly hostWaitMs: number; readonly remainingMs: number },
): HostSteps {
  return proxyActivities<HostSteps>({
    taskQueue: hostTaskQueue(hostId),
    summary: times.summary,
    scheduleToStartTimeout: times.hostWaitMs,
    scheduleToCloseTimeout: times.remainingMs,
    startToCloseTimeout: times.takesMs + STEP_SLACK_MS,
    heartbeatTimeout: FIXED_BOUNDS.heartbeatTimeoutMs,
    // An undo must not overtake the step it undoes.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { maximumAttempts: 1 },
  });
}

/**
 * Steps of a detach or an undo. They wait for their host without limit and without polling, and a
 * passing failure is tried again for as long as it takes. Once a removal has begun there is nothing
 * left to decide: then a host that is not ready is waited for as well.
 */
export function removalSteps(
  hostId: string,
  times: StepTimes & { readonly hasBegun?: boolean },
): HostSteps {
  return proxyActivities<HostSteps>({
    taskQueue: hostTaskQueue(hostId),
    summary: times.summary,
    startToCloseTimeout: times.takesMs + STEP_SLACK_MS,
    heartbeatTimeout: FIXED_BOUNDS.heartbeatTimeoutMs,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: {
      initialInterval: FIXED_BOUNDS.cleanupRetryMinMs,
      maximumInterval: FIXED_BOUNDS.cleanupRetryMaxMs,
      nonRetryableErrorTypes: [...(times.hasBegun ? FINAL_FAILURES : PERMANENT_FAILURES)],
    },
  });
}

/** Looks of a control worker at the Temporal server. */
export function controlSteps(summary: string): ControlSteps {
  return proxyActivities<ControlSteps>({
    taskQueue: CONTROL_TASK_QUEUE,
    summary,
    startToCloseTimeout: FIXED_BOUNDS.controlCallMs,
    scheduleToCloseTimeout: 3 * FIXED_BOUNDS.controlCallMs,
    retry: { initialInterval: 200, maximumInterval: 5_000 },
  });
}

/** Fronts that wait for an entity's answer: as long as that takes, alive by heartbeat. */
export function entityCalls(summary: string): ControlSteps {
  return proxyActivities<ControlSteps>({
    taskQueue: CONTROL_TASK_QUEUE,
    summary,
    startToCloseTimeout: ENTITY_CALL_MS,
    heartbeatTimeout: FIXED_BOUNDS.heartbeatTimeoutMs,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { nonRetryableErrorTypes: [...PERMANENT_FAILURES] },
  });
}

/** A detach may wait for a host that is repaired first; a lost call is sent again by the retry. */
const ENTITY_CALL_MS = 24 * 3_600_000;
