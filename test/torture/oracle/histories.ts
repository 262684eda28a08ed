import type { Evidence } from '../evidence.js';
import { attributesOf } from '../registry.js';

/** Causes of a failed workflow task that are the workflow's own. */
const OWN_CAUSES = /NON_DETERMINISTIC|UNHANDLED_FAILURE|BAD_/;

/**
 * SDK 1.24.0: an activity that is taken up in the very moment in which it is cancelled. The task is
 * tried again and goes well; look whether it is gone with a newer SDK.
 */
const SDK_DEFECT = 'ActivityMachine in state ScheduledActivityCancelCommandCreated';

/** Every history is understood by the workflows of today, and no workflow task has failed. */
export function historiesReplay({ replays, histories }: Evidence): string[] {
  return [
    ...replays.map(({ workflowId, error }) => `${workflowId} does not replay: ${error}`),
    ...histories.flatMap(({ workflowId, events }) =>
      events
        .filter(({ eventType }) => eventType === 'EVENT_TYPE_WORKFLOW_TASK_FAILED')
        .map((event) => JSON.stringify(attributesOf(event)))
        .filter((said) => OWN_CAUSES.test(said) && !said.includes(SDK_DEFECT))
        .map((said) => `${workflowId} failed a workflow task: ${said}`),
    ),
  ];
}
