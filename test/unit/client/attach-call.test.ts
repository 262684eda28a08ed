import type { Client, WorkflowUpdateHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { AttachCall } from '../../../src/client/attach-call.js';
import { CallScope } from '../../../src/client/call-scope.js';
import { attachRequestSchema } from '../../../src/model/attach-request.js';
import type { AttachResult } from '../../../src/model/attach-result.js';
import { LEFT_OUT } from './left-out.js';

const ATTACHED = { state: 'attached' } as AttachResult;

const request = {
  ...attachRequestSchema.parse({
    volumeId: 'vol-1',
    hostId: 'db-17',
    connection: {
      paths: [{ portal: '10.0.0.1:3260', iqn: 'iqn.2026-11.io.example:array1', lun: 4 }],
    },
  }),
  requestId: 'order-4711',
};

/** A server without any run, whose worker answers each time as told; the last answer stays. */
function callWith(answers: readonly (() => Promise<AttachResult>)[]): {
  readonly call: AttachCall;
  readonly sent: string[];
} {
  const sent: string[] = [];
  const client = {
    withDeadline: <Result>(_until: number, work: () => Promise<Result>) => work(),
    workflow: {
      getHandle: (workflowId: string) => ({
        describe: () => Promise.reject(new WorkflowNotFoundError('none', workflowId, undefined)),
      }),
      startUpdateWithStart: (_update: unknown, { updateId }: { updateId: string }) => {
        const result = answers[Math.min(sent.length, answers.length - 1)];
        sent.push(updateId);
        const handle = { workflowId: 'attachment/vol-1', updateId, workflowRunId: 'run-1', result };
        return Promise.resolve(handle as WorkflowUpdateHandle<AttachResult>);
      },
    },
  } as unknown as Client;
  return { call: new AttachCall(client, new CallScope(client, {}), request), sent };
}

describe('an attach that a control worker leaves out of its answer', () => {
  test('is sent again under the same id', async () => {
    const { call, sent } = callWith([
      () => Promise.reject(LEFT_OUT),
      () => Promise.resolve(ATTACHED),
    ]);

    expect(await call.outcome(await call.send())).toBe(ATTACHED);
    expect(sent).toEqual(['order-4711', 'order-4711']);
  });

  test('each time ends, with what the server said', async () => {
    const { call, sent } = callWith([() => Promise.reject(LEFT_OUT)]);

    await expect(call.outcome(await call.send())).rejects.toBe(LEFT_OUT);
    expect(sent.length).toBeGreaterThan(1);
  });
});
