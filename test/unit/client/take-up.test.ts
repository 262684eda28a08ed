import type { Client, WorkflowUpdateHandle } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { takeUp } from '../../../src/client/take-up.js';

const client = {
  withDeadline: (_deadline: number, send: () => Promise<unknown>) => send(),
} as unknown as Client;
const taken = { updateId: 'request-1' } as WorkflowUpdateHandle<string>;

function refusal(details: string): Error {
  return Object.assign(new Error(details), { code: 9, details, metadata: {} });
}

/** As the SDK throws it for an update; for an update-with-start it does not wrap it. */
const NOT_READY = new Error('Workflow Update failed', {
  cause: refusal(
    'Unable to perform workflow execution update due to Workflow Task in failed state.',
  ),
});
const TURNED_BACK = new Error('Workflow Update failed', {
  cause: refusal(
    'Unable to perform workflow execution update due to unexpected workflow task failure.',
  ),
});
const NOT_STARTED = refusal('Update-with-Start could not be executed.');

describe('an update that is refused because the workflow task before it failed', () => {
  test.each([NOT_READY, TURNED_BACK, NOT_STARTED])('is sent again: %s', async (error) => {
    const answers = [() => Promise.reject(error), () => Promise.resolve(taken)];
    const send = () => answers.shift()?.() ?? Promise.reject(new Error('sent too often'));

    expect(await takeUp(client, { deadlineAt: undefined, isLeft: false }, send)).toBe(taken);
  });

  test('ends with the caller’s deadline, and names the control worker', async () => {
    const scope = { deadlineAt: Date.now(), isLeft: false };
    await expect(takeUp(client, scope, () => Promise.reject(NOT_READY))).rejects.toMatchObject({
      type: 'ControlWorkerUnavailable',
      cause: NOT_READY,
    });
  });
});
