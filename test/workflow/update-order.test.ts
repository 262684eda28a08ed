import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { quietRuntime } from '../support/in-process-fleet.js';
import { injectedServer } from '../support/injected-server.js';
import { askUpdate, ordered } from './fixtures/ordered.js';

/** Ends when both timers have fired, and what they do was done. */
async function untilBothAreOver(handle: WorkflowHandle): Promise<void> {
  await eventually(
    async () => {
      const { events } = await handle.fetchHistory();
      const fired = events?.filter((event) => event.timerFiredEventAttributes);
      expect(fired).toHaveLength(2);
      expect(events?.at(-1)?.workflowTaskCompletedEventAttributes).toBeTruthy();
    },
    { withinMs: 30_000 },
  );
}

test('an update comes after what had happened before it, for a worker that replays as well', async () => {
  quietRuntime();
  const { temporalAddress: address } = injectedServer();
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection: await Connection.connect({ address }) });
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('fixtures/ordered.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const taskQueue = `order-${randomUUID()}`;
  const newWorker = (): Promise<Worker> => Worker.create({ connection, taskQueue, workflowBundle });
  const handle = await client.workflow.start(ordered, { taskQueue, workflowId: taskQueue });

  const first = await newWorker();
  await first.runUntil(untilBothAreOver(handle));
  // Asked of a worker that has not seen the workflow, which joins the second task with the update's.
  const second = await newWorker();
  const answer = await second.runUntil(handle.executeUpdate(askUpdate));

  expect(answer).toEqual(['first', 'second', 'asked']);
  await Worker.runReplayHistory({ workflowBundle }, await handle.fetchHistory());
  await Promise.all([connection.close(), client.connection.close()]);
}, 60_000);
