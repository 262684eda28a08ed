import type { Client } from '@temporalio/client';
import type { HistoryStep } from './history-step.js';
import { HistoryReader } from './history-steps.js';
import { toNumber, type HistoryEvent } from './payloads.js';

/**
 * What to follow, and until when. An {@link Operation} is one.
 *
 * @example
 * ```ts
 * const target: FollowTarget = { workflowId: 'attachment/vol-7f3c', runId };
 * ```
 */
export interface FollowTarget {
  readonly workflowId: string;
  readonly runId: string;
  /** From this update's acceptance to its end; without it from the beginning to the run's end. */
  readonly updateId?: string;
}

/**
 * A row that began or changed.
 *
 * @example
 * ```ts
 * for await (const { change, step } of mooring.follow({ volumeId: 'vol-7f3c' })) {
 *   process.stdout.write(`${change} ${step.summary}\n`);
 * }
 * ```
 */
export interface StepEvent {
  readonly change: 'began' | 'changed' | 'ended';
  readonly step: HistoryStep;
}

/**
 * Follows a history by the server's long poll: an event arrives as it is written, and nothing is
 * asked while nothing happens. Carries on into the runs that continue this one.
 */
export async function* followHistory(
  client: Client,
  target: FollowTarget,
): AsyncGenerator<StepEvent> {
  let runId: string | undefined = target.runId;
  while (runId !== undefined) {
    const reader = new HistoryReader(runId);
    let next: string | undefined;
    let firstId = target.updateId === undefined ? 0 : Number.POSITIVE_INFINITY;
    for await (const event of historyEvents(client, target.workflowId, runId)) {
      const steps = reader.read(event);
      for (const step of steps) {
        if (isUpdate(step, target.updateId)) firstId = Math.min(firstId, step.id);
        if (step.id >= firstId) yield { change: changeOf(event, step), step };
        if (isUpdate(step, target.updateId) && step.endedAt !== undefined) return;
      }
      next = event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
    }
    runId = next;
  }
}

function isUpdate({ kind, updateId }: HistoryStep, wanted: string | undefined): boolean {
  return wanted !== undefined && kind === 'update' && updateId === wanted;
}

function changeOf(event: HistoryEvent, step: HistoryStep): StepEvent['change'] {
  if (step.endedAt !== undefined) return 'ended';
  return toNumber(event.eventId) === step.id ? 'began' : 'changed';
}

/** All events of a run as they are written, to the one that closes it. */
async function* historyEvents(
  client: Client,
  workflowId: string,
  runId: string,
): AsyncGenerator<HistoryEvent> {
  let nextPageToken: Uint8Array = new Uint8Array();
  do {
    const page = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId, runId },
      waitNewEvent: true,
      nextPageToken,
    });
    yield* page.history?.events ?? [];
    ({ nextPageToken } = page);
  } while (nextPageToken.length > 0);
}
