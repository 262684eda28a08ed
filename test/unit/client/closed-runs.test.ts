import type { Client, WorkflowUpdateHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { answerAcrossRuns } from '../../../src/client/closed-runs.js';
import { LEFT_OUT } from './left-out.js';

const client = {} as unknown as Client;
function handle(result: () => Promise<string>): WorkflowUpdateHandle<string> {
  return { updateId: 'request-1', result } as unknown as WorkflowUpdateHandle<string>;
}

test('an update that a worker left out is sent again', async () => {
  const first = handle(() => Promise.reject(LEFT_OUT));
  const second = handle(() => Promise.resolve('detached'));

  expect(await answerAcrossRuns(client, first, () => Promise.resolve(second))).toBe('detached');
});

test('one that is left out each time ends, with what the server said', async () => {
  const sent: number[] = [];
  const leftOut = handle(() => Promise.reject(LEFT_OUT));
  const send = (): Promise<WorkflowUpdateHandle<string>> => {
    sent.push(sent.length);
    return Promise.resolve(leftOut);
  };

  await expect(answerAcrossRuns(client, leftOut, send)).rejects.toBe(LEFT_OUT);
  expect(sent.length).toBeGreaterThan(1);
});
