import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { HistoryStep } from './history-step.js';
import { readFailure } from './payloads.js';

type PendingActivity = NonNullable<
  WorkflowExecutionDescription['raw']['pendingActivities']
>[number];

/** `STARTED` in the protocol's numbering. */
const STARTED = 2;

/**
 * Adds to the open rows what only the server's mutable state knows: a history says nothing of an
 * activity's attempts until it has ended.
 */
export function withPendingActivities(
  steps: readonly HistoryStep[],
  pending: readonly PendingActivity[],
): HistoryStep[] {
  const byId = new Map(pending.map((activity) => [activity.activityId, activity]));
  return steps.map((step) => {
    const activity = step.endedAt === undefined ? byId.get(step.activityId) : undefined;
    return activity === undefined ? step : enriched(step, activity);
  });
}

function enriched(step: HistoryStep, activity: PendingActivity): HistoryStep {
  const failure = readFailure(activity.lastFailure);
  const worker = activity.lastWorkerIdentity;
  return {
    ...step,
    outcome: Number(activity.state) === STARTED ? 'running' : 'waiting',
    attempt: activity.attempt ?? 1,
    ...(worker ? { worker } : {}),
    ...(failure === undefined ? {} : { failure }),
  };
}
