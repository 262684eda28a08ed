import type { Evidence, HistoryEvent } from '../evidence.js';
import { attributesOf } from '../registry.js';

/** Causes of a failed workflow task that are the workflow's own. */
const OWN_CAUSES = /NON_DETERMINISTIC|UNHANDLED_FAILURE|BAD_/;

/**
 * SDK 1.24.0: an activity that is taken up in the very moment in which it is cancelled. The task is
 * tried again and goes well; look whether it is gone with a newer SDK.
 */
const SDK_DEFECT = 'ActivityMachine in state ScheduledActivityCancelCommandCreated';

/**
 * Every history is understood by the workflows of today, and no workflow task has failed.
 *
 * Excepted is a task right after one that the server gave up in the hands of a living worker, on a
 * machine without time: SDK 1.24.0 now and then goes on from what it made of the late one, which the
 * history has not, says so by a nondeterminism error, forgets the run, and does the task well from the
 * start. Such a history replays, so nothing is stuck by it (`late-tasks.test.ts`).
 */
export function historiesReplay({ replays, histories }: Evidence): string[] {
  return [
    ...replays.map(({ workflowId, runId, error }) => {
      const history = histories.find((each) => each.runId === runId);
      return `${workflowId} does not replay: ${error}; events: ${digest(history?.events ?? [])}`;
    }),
    ...histories.flatMap(({ workflowId, events }) =>
      events
        .filter(
          (event) =>
            event.eventType === 'EVENT_TYPE_WORKFLOW_TASK_FAILED' &&
            !followsLateTask(event, events),
        )
        .map((event) => JSON.stringify(attributesOf(event)))
        .filter((said) => OWN_CAUSES.test(said) && !said.includes(SDK_DEFECT))
        .map((said) => `${workflowId} failed a workflow task: ${said}`),
    ),
  ];
}

/** Enough of a history to tell what came when: such a run does not come back on playing its seed. */
function digest(events: readonly HistoryEvent[]): string {
  return events
    .map((event) => {
      const { scheduledEventId, acceptedRequestSequencingEventId: after } = attributesOf(event);
      const type = event.eventType
        .replace('EVENT_TYPE_', '')
        .replace('WORKFLOW_EXECUTION_', '')
        .replace('WORKFLOW_TASK', 'TASK')
        .replace('ACTIVITY_TASK', 'STEP');
      const ids = [scheduledEventId, after].filter((id) => typeof id === 'string');
      const about = ids.join(' after ');
      return `${event.eventId} ${type}${about === '' ? '' : ` (${about})`}`;
    })
    .join(', ');
}

/** Whether the task that failed was scheduled because the one before was given up. */
function followsLateTask(failed: HistoryEvent, events: readonly HistoryEvent[]): boolean {
  const scheduledId = Number(attributesOf(failed)['scheduledEventId']);
  const before = events.find(({ eventId }) => Number(eventId) === scheduledId - 1);
  return (
    before?.eventType === 'EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT' &&
    attributesOf(before)['timeoutType'] === 'TIMEOUT_TYPE_START_TO_CLOSE'
  );
}
