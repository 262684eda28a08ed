import type { Client, WorkflowUpdateHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { CallScope } from '../../../src/client/call-scope.js';
import { detachOutcome } from '../../../src/client/detach-call.js';
import type { DetachResult } from '../../../src/model/attach-result.js';
import { detachRequestSchema } from '../../../src/model/detach-request.js';
import { LEFT_OUT } from './left-out.js';

const request = {
  ...detachRequestSchema.parse({ volumeId: 'vol-1', hostId: 'db-17' }),
  requestId: 'order-4711',
};

const update = {
  workflowId: 'attachment/vol-1',
  workflowRunId: 'run-1',
  updateId: 'detach/order-4711',
  result: () => Promise.reject(LEFT_OUT),
} as unknown as WorkflowUpdateHandle<DetachResult>;

/** A server that takes updates as told, and knows of no run. */
function clientThat(startUpdate: (workflowId: string) => Promise<unknown>): Client {
  return {
    withDeadline: <Result>(_until: number, work: () => Promise<Result>) => work(),
    workflow: {
      getHandle: (workflowId: string) => ({
        describe: () => Promise.reject(new WorkflowNotFoundError('none', workflowId, undefined)),
        startUpdate: () => startUpdate(workflowId),
      }),
    },
  } as unknown as Client;
}

function outcomeOn(client: Client): Promise<DetachResult> {
  return detachOutcome(client, new CallScope(client, {}), update, request);
}

describe('a detach that a control worker leaves out of its answer', () => {
  test('has nothing to do when that answer closed the attachment', async () => {
    const client = clientThat((workflowId) =>
      Promise.reject(new WorkflowNotFoundError('closed', workflowId, 'run-1')),
    );

    expect(await outcomeOn(client)).toMatchObject({ state: 'detached', wasAttached: false });
  });

  test('each time is not taken for one that had nothing to do', async () => {
    await expect(outcomeOn(clientThat(() => Promise.resolve(update)))).rejects.toBe(LEFT_OUT);
  });
});
