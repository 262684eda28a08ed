import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { AttachmentView } from '../../src/model/attachment.js';
import { stateQuery } from '../../src/workflows/messages.js';
import { withinOrNothing } from './patience.js';
import type { Entity, HistoryEvent, RunHistory } from './evidence.js';

/**
 * A query waits for a control worker; one that took over needs a second, on a busy machine more. The
 * server itself gives up after ten.
 */
const QUERY_MS = 60_000;
const AGAIN_MS = 250;
const STATE = defineSearchAttributeKey('MooringState', 'KEYWORD');

/** What the server knows of a run's workflows. All of them have ids that begin with the run's tag. */
export class Registry {
  readonly #client: Client;
  readonly #tag: string;

  constructor(client: Client, tag: string) {
    this.#client = client;
    this.#tag = tag;
  }

  /** Open workflows; closed ones as well if asked. */
  async runs(which: 'open' | 'all'): Promise<WorkflowExecutionInfo[]> {
    const tag = this.#tag;
    const ours = ['attachment', 'leftovers']
      .map((kind) => `WorkflowId STARTS_WITH "${kind}/${tag}."`)
      .join(' OR ');
    const query = which === 'open' ? `(${ours}) AND ExecutionStatus = "Running"` : ours;
    const found: WorkflowExecutionInfo[] = [];
    for await (const run of this.#client.workflow.list({ query })) found.push(run);
    return found;
  }

  /** States of the open workflows, at the cost of one question. */
  async states(): Promise<string[]> {
    const runs = await this.runs('open');
    return runs.map(({ typedSearchAttributes }) => typedSearchAttributes.get(STATE) ?? 'unknown');
  }

  /** Open attachments with their state; what the server holds for them if asked, which costs more. */
  async entities(how: { readonly pending?: boolean } = {}): Promise<Entity[]> {
    const runs = await this.runs('open');
    const seen = await Promise.all(runs.map((run) => this.#entity(run, how)));
    return seen.filter((entity) => entity !== undefined);
  }

  async history({ workflowId, runId }: WorkflowExecutionInfo): Promise<RunHistory> {
    const handle = this.#client.workflow.getHandle(workflowId, runId);
    const { events } = JSON.parse(historyToJSON(await handle.fetchHistory())) as {
      events: HistoryEvent[];
    };
    return { workflowId, runId, events, text: readable(events) };
  }

  /** What the server shows of a run beside its history: attributes, current details, memo. */
  async description({ workflowId, runId }: WorkflowExecutionInfo): Promise<string> {
    const { raw } = await this.#client.workflow.getHandle(workflowId, runId).describe();
    return JSON.stringify(raw, (_, value: unknown) =>
      value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
    );
  }

  async #entity(
    run: WorkflowExecutionInfo,
    { pending = false }: { readonly pending?: boolean },
  ): Promise<Entity | undefined> {
    const { workflowId, runId } = run;
    const handle = this.#client.workflow.getHandle(workflowId, runId);
    const events = pending ? (await this.history(run)).events : [];
    const base = { workflowId, pending: pendingOf(events), events: events.length };
    const description = await handle.describe();
    // It may have closed since it was listed.
    if (description.status.name !== 'RUNNING') return undefined;
    if (workflowId.startsWith('leftovers/')) {
      const [, volumeId = '', hostId = ''] = workflowId.split('/');
      return { ...base, hostId, volumeId, access: 'none', state: 'leftovers', missing: [] };
    }
    const view = await answerOf(handle);
    if (typeof view === 'object') return { ...base, ...shown(view) };
    const [, volumeId = '', hostId = ''] = workflowId.split('/');
    return {
      ...base,
      volumeId,
      hostId,
      access: 'none',
      state: `no answer to a query: ${view}`,
      missing: [],
    };
  }
}

/** What a workflow says of itself, or what became of the last question. */
async function answerOf(handle: WorkflowHandle): Promise<AttachmentView | string> {
  const end = performance.now() + QUERY_MS;
  for (;;) {
    const left = end - performance.now();
    const query = handle.query(stateQuery).catch(String);
    const answer = (await withinOrNothing(left, query)) ?? 'time is up';
    if (typeof answer === 'object' || performance.now() >= end) return answer;
    await pause(AGAIN_MS);
  }
}

function shown(view: AttachmentView): Omit<Entity, 'workflowId' | 'pending' | 'events'> {
  const { volumeId, hostId, access, state, question, lastFailure, undo, paths } = view;
  const { kind, device, stablePath, wwid, bootId } = view;
  const known = Object.fromEntries(
    Object.entries({ question, undo, kind, device, stablePath, wwid, bootId }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return {
    ...{ volumeId, hostId, access, state, ...known },
    ...(lastFailure === undefined ? {} : { lastFailure: lastFailure.message }),
    ...(view.request === undefined ? {} : { onBoot: view.request.onBoot }),
    missing: paths
      .filter((path) => path.state === 'missing')
      .map(({ portal, failure }) => ({
        portal,
        ...(failure === undefined ? {} : { failure: failure.type }),
      })),
  };
}

const OPENERS: Readonly<Record<string, string>> = {
  EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: 'activity',
  EVENT_TYPE_TIMER_STARTED: 'timer',
  EVENT_TYPE_WORKFLOW_TASK_SCHEDULED: 'workflow task',
};
const CLOSERS =
  /^EVENT_TYPE_(ACTIVITY_TASK|TIMER|WORKFLOW_TASK)_(COMPLETED|FAILED|TIMED_OUT|CANCELED|FIRED)$/;

/** Activities, timers and workflow tasks that are begun and not ended. */
function pendingOf(events: readonly HistoryEvent[]): string[] {
  const open = new Map<string, string>();
  for (const event of events) {
    const opener = OPENERS[event.eventType];
    if (opener !== undefined) open.set(event.eventId, opener);
    if (!CLOSERS.test(event.eventType)) continue;
    const { scheduledEventId, startedEventId } = attributesOf(event);
    open.delete(String(scheduledEventId));
    if (event.eventType.includes('TIMER')) open.delete(String(startedEventId));
  }
  return [...open.values()];
}

/** The one field of an event that holds what it is about. */
export function attributesOf(event: HistoryEvent): Record<string, unknown> {
  const found = Object.entries(event).find(([name]) => name.endsWith('EventAttributes'));
  return (found?.[1] ?? {}) as Record<string, unknown>;
}

/** JSON with every payload decoded. */
function readable(events: readonly HistoryEvent[]): string {
  return JSON.stringify(events, (name, value: unknown) =>
    name === 'data' && typeof value === 'string'
      ? Buffer.from(value, 'base64').toString('utf8')
      : value,
  );
}
