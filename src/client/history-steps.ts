import { STATE_ATTRIBUTE } from '../contract/search-attributes.js';
import { hostIdOfTaskQueue } from './host-of-queue.js';
import type { HistoryStep, StepOutcome } from './history-step.js';
import {
  eventSummary,
  eventTime,
  readFailure,
  readPayload,
  toNumber,
  type HistoryEvent,
  type ProtoFailure,
} from './payloads.js';

type Changes = Partial<Omit<HistoryStep, 'id' | 'runId' | 'kind' | 'step'>>;

/**
 * Turns the events of one run into rows, event by event. Pure: it knows no server and no clock.
 *
 * @example
 * ```ts
 * const reader = new HistoryReader(runId);
 * for (const event of history.events) for (const step of reader.read(event)) show(step);
 * ```
 */
export class HistoryReader {
  private readonly runId: string;
  /** By the number of the event that began the step. */
  private readonly byId = new Map<number, HistoryStep>();
  /** Begin events of updates, by update id: later events name that. */
  private readonly updates = new Map<string, number>();

  constructor(runId: string) {
    this.runId = runId;
  }

  /** All rows so far, in the order in which they began. */
  get steps(): HistoryStep[] {
    return [...this.byId.values()];
  }

  /** @returns the rows this event begins or changes: none or one */
  read(event: HistoryEvent): HistoryStep[] {
    const changed =
      this.readActivity(event) ??
      this.readUpdate(event) ??
      this.readTimer(event) ??
      this.readSignalOrState(event) ??
      this.readRun(event);
    return changed === undefined ? [] : [changed];
  }

  private readActivity(event: HistoryEvent): HistoryStep | undefined {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) {
      const step = scheduled.activityType?.name ?? 'activity';
      const queue = scheduled.taskQueue?.name ?? undefined;
      const host = queue === undefined ? undefined : hostIdOfTaskQueue(queue);
      return this.begin(event, 'activity', step, {
        outcome: 'waiting',
        ...(queue === undefined ? {} : { queue }),
        ...(host === undefined ? {} : { host }),
        ...(scheduled.activityId ? { activityId: scheduled.activityId } : {}),
      });
    }
    const started = event.activityTaskStartedEventAttributes;
    if (started) {
      return this.change(started.scheduledEventId, {
        outcome: 'running',
        attempt: started.attempt ?? 1,
        ...(started.identity ? { worker: started.identity } : {}),
      });
    }
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed) return this.end(event, completed.scheduledEventId, 'done');
    const failed = event.activityTaskFailedEventAttributes;
    if (failed) return this.end(event, failed.scheduledEventId, 'failed', failed.failure);
    const timedOut = event.activityTaskTimedOutEventAttributes;
    if (timedOut) return this.end(event, timedOut.scheduledEventId, 'timed-out', timedOut.failure);
    const cancelled = event.activityTaskCanceledEventAttributes;
    if (cancelled) return this.end(event, cancelled.scheduledEventId, 'cancelled');
    return undefined;
  }

  private readUpdate(event: HistoryEvent): HistoryStep | undefined {
    const accepted = event.workflowExecutionUpdateAcceptedEventAttributes;
    if (accepted) {
      const request = accepted.acceptedRequest;
      const step = request?.input?.name ?? 'update';
      const updateId = request?.meta?.updateId ?? accepted.protocolInstanceId ?? '';
      const asked = requestOf(readPayload(request?.input?.args?.payloads?.[0]));
      const requestedBy = asked.requestedBy ?? request?.meta?.identity ?? undefined;
      this.updates.set(updateId, toNumber(event.eventId));
      return this.begin(event, 'update', step, {
        summary: [step, asked.volumeId, asked.mode === 'force' ? '(force)' : undefined]
          .filter((part) => part !== undefined)
          .join(' '),
        outcome: 'running',
        updateId,
        ...(asked.hostId === undefined ? {} : { host: asked.hostId }),
        ...(requestedBy === undefined ? {} : { requestedBy }),
        ...(asked.reason === undefined ? {} : { reason: asked.reason }),
      });
    }
    const completed = event.workflowExecutionUpdateCompletedEventAttributes;
    if (!completed) return undefined;
    const began = this.updates.get(completed.meta?.updateId ?? '') ?? completed.acceptedEventId;
    const failure = completed.outcome?.failure;
    return this.end(event, began, failure ? 'failed' : 'done', failure);
  }

  private readTimer(event: HistoryEvent): HistoryStep | undefined {
    if (event.timerStartedEventAttributes) {
      return this.begin(event, 'timer', 'timer', { outcome: 'running' });
    }
    const fired = event.timerFiredEventAttributes;
    if (fired) return this.end(event, fired.startedEventId, 'done');
    const cancelled = event.timerCanceledEventAttributes;
    if (cancelled) return this.end(event, cancelled.startedEventId, 'cancelled');
    return undefined;
  }

  private readSignalOrState(event: HistoryEvent): HistoryStep | undefined {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal) {
      return this.moment(event, 'signal', signal.signalName ?? 'signal', {
        ...(signal.identity ? { requestedBy: signal.identity } : {}),
      });
    }
    const cancel = event.workflowExecutionCancelRequestedEventAttributes;
    if (cancel) {
      return this.moment(event, 'signal', 'cancel', {
        ...(cancel.identity ? { requestedBy: cancel.identity } : {}),
        ...(cancel.cause ? { reason: cancel.cause } : {}),
      });
    }
    const fields = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes;
    const state = readPayload(fields?.indexedFields?.[STATE_ATTRIBUTE.name]);
    const name: unknown = Array.isArray(state) ? state[0] : state;
    return typeof name === 'string' ? this.moment(event, 'state', name) : undefined;
  }

  private readRun(event: HistoryEvent): HistoryStep | undefined {
    const started = event.workflowExecutionStartedEventAttributes;
    if (started) {
      const carriedOn = Boolean(started.continuedExecutionRunId);
      return this.moment(event, 'run', carriedOn ? 'carried-on' : 'opened', {
        ...(started.identity ? { requestedBy: started.identity } : {}),
      });
    }
    const task = event.workflowTaskFailedEventAttributes;
    if (task?.failure) return this.moment(event, 'fault', 'workflow-task', failed(task.failure));
    if (event.workflowExecutionCompletedEventAttributes) return this.moment(event, 'run', 'closed');
    const failure = event.workflowExecutionFailedEventAttributes;
    if (failure) return this.moment(event, 'run', 'closed', failed(failure.failure));
    if (event.workflowExecutionContinuedAsNewEventAttributes) {
      return this.moment(event, 'run', 'continued');
    }
    const terminated = event.workflowExecutionTerminatedEventAttributes;
    if (terminated) {
      const message = terminated.reason ?? '';
      return this.moment(event, 'run', 'terminated', {
        outcome: 'failed',
        failure: { type: 'Terminated', message },
        ...(terminated.identity ? { requestedBy: terminated.identity } : {}),
      });
    }
    if (event.workflowExecutionCanceledEventAttributes) {
      return this.moment(event, 'run', 'closed', { outcome: 'cancelled' });
    }
    if (event.workflowExecutionTimedOutEventAttributes) {
      return this.moment(event, 'run', 'closed', { outcome: 'timed-out' });
    }
    return undefined;
  }

  /** A row without duration. */
  private moment(
    event: HistoryEvent,
    kind: HistoryStep['kind'],
    step: string,
    fields: Changes = {},
  ): HistoryStep {
    return this.begin(event, kind, step, { outcome: 'done', endedAt: eventTime(event), ...fields });
  }

  private begin(
    event: HistoryEvent,
    kind: HistoryStep['kind'],
    step: string,
    fields: Changes & Pick<HistoryStep, 'outcome'>,
  ): HistoryStep {
    const id = toNumber(event.eventId);
    const row: HistoryStep = {
      id,
      runId: this.runId,
      kind,
      step,
      summary: eventSummary(event) ?? step,
      startedAt: eventTime(event),
      ...fields,
    };
    this.byId.set(id, row);
    return row;
  }

  private end(
    event: HistoryEvent,
    began: Parameters<typeof toNumber>[0],
    outcome: StepOutcome,
    failure?: ProtoFailure | null,
  ): HistoryStep | undefined {
    const said = readFailure(failure);
    return this.change(began, {
      outcome,
      endedAt: eventTime(event),
      ...(said === undefined ? {} : { failure: said }),
    });
  }

  /** Events of a step whose beginning was not read, after a reset for example, are left out. */
  private change(began: Parameters<typeof toNumber>[0], changes: Changes): HistoryStep | undefined {
    const id = toNumber(began);
    const before = this.byId.get(id);
    if (before === undefined) return undefined;
    const row = { ...before, ...changes };
    this.byId.set(id, row);
    return row;
  }
}

/**
 * All rows of a run.
 *
 * @example
 * ```ts
 * const steps = historySteps(runId, (await handle.fetchHistory()).events ?? []);
 * ```
 */
export function historySteps(runId: string, events: readonly HistoryEvent[]): HistoryStep[] {
  const reader = new HistoryReader(runId);
  for (const event of events) reader.read(event);
  return reader.steps;
}

function failed(failure: ProtoFailure | null | undefined): Changes {
  const said = readFailure(failure);
  return { outcome: 'failed', ...(said === undefined ? {} : { failure: said }) };
}

/** What a request says about who, why and what; nothing when it cannot be read. */
function requestOf(
  value: unknown,
): Partial<Record<'volumeId' | 'hostId' | 'mode' | 'requestedBy' | 'reason', string>> {
  if (typeof value !== 'object' || value === null) return {};
  const { volumeId, hostId, mode, requestedBy, reason } = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries({ volumeId, hostId, mode, requestedBy, reason }).filter(
      ([, field]) => typeof field === 'string',
    ),
  );
}
