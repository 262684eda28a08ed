import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { exclusiveWorkflowId, hostTaskQueue } from '../../src/contract/ids.js';
import { toNumber, type HistoryEvent } from '../../src/client/payloads.js';
import { eventually } from '../support/eventually.js';
import type { Answer } from './asker.js';

/** `temporal.api.enums.v1.PendingActivityState` */
const SCHEDULED = 1;
const SEEN_MS = 180_000;

type Handle = ReturnType<Client['workflow']['getHandle']>;

/** A step the server has given out and has no end of. */
export interface PendingStep {
  readonly step: string;
  readonly isTaken: boolean;
  readonly attempt: number;
}

/** What became of an update that the workflow had taken. */
export interface UpdateRecord {
  readonly updateId: string;
  readonly runId: string;
  /** How often the history says that it was answered. */
  readonly answers: number;
  /** What the server says when it is asked for it now. */
  readonly again: Answer;
}

/** What the server has on record of one volume's runs since the book was opened. */
export class RunBook {
  private readonly client: Client;
  private readonly workflowId: string;
  private readonly hostId: string;
  private readonly runIds = new Set<string>();

  constructor(client: Client, of: { readonly volumeId: string; readonly hostId: string }) {
    this.client = client;
    this.workflowId = exclusiveWorkflowId(of.volumeId);
    this.hostId = of.hostId;
  }

  /** Takes note of the latest run; whether it is open, and what it waits for. */
  async look(): Promise<{ readonly isOpen: boolean; readonly pending: readonly PendingStep[] }> {
    const { runId, status, raw } = await this.latest.describe();
    this.runIds.add(runId);
    const pending = (raw.pendingActivities ?? []).map(({ activityType, state, attempt }) => ({
      step: activityType?.name ?? '',
      isTaken: Number(state) !== SCHEDULED,
      attempt: attempt ?? 1,
    }));
    return { isOpen: status.name === 'RUNNING', pending };
  }

  /** Whether a worker has taken the step and not answered yet. */
  async isUnderWay(step: string): Promise<boolean> {
    const { pending } = await this.look();
    return pending.some((each) => each.step === step && each.isTaken);
  }

  /** Takes note of the open run, if there is one. @returns how many events it has */
  async begin(): Promise<number> {
    try {
      const { isOpen } = await this.look();
      if (isOpen) return (await this.events()).length;
      this.runIds.clear();
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    return 0;
  }

  /** Steps given to the host from an event on, in their order, each once. */
  async stepsSince(length: number): Promise<string[]> {
    const scheduled = (await this.events())
      .slice(length)
      .map(({ activityTaskScheduledEventAttributes: attributes }) => attributes)
      .filter((attributes) => attributes?.taskQueue?.name === hostTaskQueue(this.hostId))
      .map((attributes) => attributes?.activityType?.name ?? '');
    return [...new Set(scheduled)];
  }

  /** How often the server has given a step up, because its worker gave no sign. */
  async givenUp(step: string): Promise<number> {
    const events = await this.events();
    const typeOf = new Map(
      events.map((event) => [
        toNumber(event.eventId),
        event.activityTaskScheduledEventAttributes?.activityType?.name,
      ]),
    );
    const ended = events.filter(
      ({ activityTaskTimedOutEventAttributes: attributes }) =>
        isThere(attributes) && typeOf.get(toNumber(attributes.scheduledEventId)) === step,
    );
    const { pending } = await this.look();
    const retried = pending.filter((each) => each.step === step).map(({ attempt }) => attempt - 1);
    return retried.reduce((sum, count) => sum + count, ended.length);
  }

  /** Cancels the workflow, and waits until it has seen that. */
  async cancel(): Promise<void> {
    await this.latest.cancel();
    await eventually(
      async () => {
        const events = await this.events();
        const at = events.findIndex((event) =>
          isThere(event.workflowExecutionCancelRequestedEventAttributes),
        );
        const isSeen = events
          .slice(at)
          .some((event) => isThere(event.workflowTaskStartedEventAttributes));
        if (at < 0 || !isSeen) throw new Error('the workflow has not seen its cancellation');
      },
      { withinMs: SEEN_MS },
    );
  }

  /** Every update of these runs, with its answers. */
  async updates(): Promise<UpdateRecord[]> {
    await this.look();
    const found = await Promise.all([...this.runIds].map((runId) => this.updatesOf(runId)));
    return found.flat();
  }

  private get latest(): Handle {
    return this.client.workflow.getHandle(this.workflowId);
  }

  private async events(runId?: string): Promise<HistoryEvent[]> {
    const handle = this.client.workflow.getHandle(this.workflowId, runId);
    return (await handle.fetchHistory()).events ?? [];
  }

  private async updatesOf(runId: string): Promise<UpdateRecord[]> {
    const events = await this.events(runId);
    const handle = this.client.workflow.getHandle(this.workflowId, runId);
    const ids = events.map(acceptedId).filter((id) => id !== undefined);
    return Promise.all(
      ids.map(async (updateId) => ({
        updateId,
        runId,
        answers: events.filter(
          ({ workflowExecutionUpdateCompletedEventAttributes: attributes }) =>
            attributes?.meta?.updateId === updateId,
        ).length,
        again: await this.askAgain(handle, updateId),
      })),
    );
  }

  private async askAgain(handle: Handle, updateId: string): Promise<Answer> {
    const untilAt = Date.now() + SEEN_MS;
    try {
      const ask = () => handle.getUpdateHandle(updateId).result();
      return { ok: (await this.client.withDeadline(untilAt, ask)) ?? null };
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      return { failure: 'failed', message: cause instanceof Error ? cause.message : String(error) };
    }
  }
}

function acceptedId(event: HistoryEvent | undefined): string | undefined {
  const attributes = event?.workflowExecutionUpdateAcceptedEventAttributes;
  return attributes?.acceptedRequest?.meta?.updateId ?? undefined;
}

/** An event has attributes of its own kind only; the others are null. */
function isThere<Attributes>(attributes: Attributes | null | undefined): attributes is Attributes {
  return attributes !== null && attributes !== undefined;
}
