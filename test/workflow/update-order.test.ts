import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasClosedUnderneath, wasLeftOut } from '../../src/client/closed-runs.js';
import { eventually } from '../support/eventually.js';
import { quietRuntime } from '../support/in-process-fleet.js';
import { injectedServer } from '../support/injected-server.js';
import { askUpdate, ending, leading, quiet } from './fixtures/ordered.js';

/** So many that a worker gets one of them before the task that waits beside them. */
const QUERIES = 40;
const SENT_MAX = 10;

let connection: NativeConnection;
let client: Client;
let workflowBundle: { code: string };

beforeAll(async () => {
  quietRuntime();
  const { temporalAddress: address } = injectedServer();
  connection = await NativeConnection.connect({ address });
  client = new Client({ connection: await Connection.connect({ address }) });
  const fixture = fileURLToPath(new URL('fixtures/ordered.ts', import.meta.url));
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: fixture,
    workflowInterceptorModules: [fixture],
    logger: new DefaultLogger('ERROR'),
  });
}, 60_000);

afterAll(async () => {
  await Promise.all([connection.close(), client.connection.close()]);
});

describe('an update comes after what had happened before it', () => {
  test('for a worker that joins its task with one before it', async () => {
    const handle = await start(quiet);
    await inNewWorker(handle, async () => {
      await untilFired(handle, 2);
      await untilAnswered(handle);
    });

    const answer = await inNewWorker(handle, () => ask(handle));

    expect(answer).toEqual(['first', 'second', 'asked']);
    expect(await replayed(handle)).toBe('replayed');
  }, 60_000);

  test('for a worker that is handed both with one task', async () => {
    const handle = await startAndFire(leading);

    const answer = ask(handle);
    await inNewWorker(handle, () => answer);

    expect(await answer).toEqual(['first', 'asked']);
    expect(await timersBeforeAcceptance(handle)).toBe(2);
    expect(await replayed(handle)).toBe('replayed');
  }, 60_000);

  test('for a worker that worked off the events with a query', async () => {
    const handle = await start(leading);
    await inNewWorker(handle, () => untilAnswered(handle));
    const queries = Array.from({ length: QUERIES }, () => handle.query('__stack_trace'));
    await untilFired(handle, 1);

    const answer = ask(handle);
    await inNewWorker(handle, () => Promise.all([answer, ...queries]));

    expect(await answer).toEqual(['first', 'asked']);
    expect(await timersBeforeAcceptance(handle)).toBe(2);
    expect(await replayed(handle)).toBe('replayed');
  }, 60_000);

  test('and is not taken by a run that is over by that', async () => {
    const handle = await startAndFire(ending);

    const refusal = ask(handle).then(String, (error: unknown) => error);
    await inNewWorker(handle, () => refusal);

    expect(hasClosedUnderneath(await refusal)).toBe(true);
    expect(await replayed(handle)).toBe('replayed');
  }, 60_000);
});

/** Its timer has fired, and no worker has seen that. */
async function startAndFire(workflow: () => Promise<void>): Promise<WorkflowHandle> {
  const handle = await start(workflow);
  await inNewWorker(handle, () => untilAnswered(handle));
  await untilFired(handle, 1);
  return handle;
}

async function start(workflow: () => Promise<void>): Promise<WorkflowHandle> {
  const id = `order-${randomUUID()}`;
  return client.workflow.start(workflow, { taskQueue: id, workflowId: id });
}

async function inNewWorker<Result>(
  { workflowId: taskQueue }: WorkflowHandle,
  whatFor: () => Promise<Result>,
): Promise<Result> {
  const worker = await Worker.create({ connection, taskQueue, workflowBundle });
  return worker.runUntil(whatFor);
}

/** Asks again when a worker left the update out of its answer, as the client of mooring does. */
async function ask(handle: WorkflowHandle): Promise<string[]> {
  for (let sent = 1; ; sent += 1) {
    try {
      return await handle.executeUpdate(askUpdate);
    } catch (error) {
      if (sent === SENT_MAX || !wasLeftOut(error)) throw error;
    }
  }
}

async function untilFired(handle: WorkflowHandle, timers: number): Promise<void> {
  await eventually(
    async () => {
      const { events } = await handle.fetchHistory();
      expect(events?.filter((event) => event.timerFiredEventAttributes)).toHaveLength(timers);
    },
    { withinMs: 30_000 },
  );
}

/** Ends when the worker has answered every task so far. */
async function untilAnswered(handle: WorkflowHandle): Promise<void> {
  await eventually(
    async () => {
      const { events } = await handle.fetchHistory();
      const last = events?.findLastIndex((event) => event.workflowTaskScheduledEventAttributes);
      const answers = events
        ?.slice(last)
        .filter((event) => event.workflowTaskCompletedEventAttributes);
      expect(answers).toHaveLength(1);
    },
    { withinMs: 30_000 },
  );
}

async function timersBeforeAcceptance(handle: WorkflowHandle): Promise<number | undefined> {
  const { events } = await handle.fetchHistory();
  const accepted = events?.findIndex(
    (event) => event.workflowExecutionUpdateAcceptedEventAttributes,
  );
  return events?.slice(0, accepted).filter((event) => event.timerStartedEventAttributes).length;
}

async function replayed(handle: WorkflowHandle): Promise<string> {
  await Worker.runReplayHistory({ workflowBundle }, await handle.fetchHistory());
  return 'replayed';
}
