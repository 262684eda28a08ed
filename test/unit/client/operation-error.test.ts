import {
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  NamespaceNotFoundError,
  RetryState,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowNotFoundError,
} from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { OperationError, toOperationError } from '../../../src/client/operation-error.js';
import { createFailure, failureTypes, FAILURES } from '../../../src/contract/failures.js';

/** An error as the gRPC library throws it. */
function serviceError(code: number, details: string): Error {
  return Object.assign(new Error(`${code} ${details}`), { code, details, metadata: {} });
}

/** As the SDK wraps it. */
function wrapped(code: number, details: string): Error {
  return new Error('Failed', { cause: serviceError(code, details) });
}

function byActivity(cause: Error): Error {
  return new WorkflowUpdateFailedError(
    'Workflow Update failed',
    new ActivityFailure('failed', 'step', '1', RetryState.NON_RETRYABLE_FAILURE, 'worker', cause),
  );
}

test.each(failureTypes())('%s keeps its type, message, facts and advice', (type) => {
  const failure = createFailure(type, 'what was seen', { portal: '10.0.0.1:3260' });
  const error = toOperationError(new WorkflowUpdateFailedError('Workflow Update failed', failure), {
    workflowId: 'attachment/vol-1',
  });
  expect(error).toBeInstanceOf(OperationError);
  expect(error.toJSON()).toEqual({
    type,
    message: 'what was seen',
    facts: { portal: '10.0.0.1:3260' },
    advice: FAILURES[type].advice,
    workflowId: 'attachment/vol-1',
  });
});

describe('an error of the server or the connection', () => {
  const cases: readonly [claim: string, error: unknown, type: string][] = [
    ['a server that is gone', wrapped(14, 'No connection established'), 'ServerUnreachable'],
    ['a refused key', wrapped(16, 'unauthorized'), 'AccessDenied'],
    ['a missing permission', serviceError(7, 'denied'), 'AccessDenied'],
    [
      'no worker for a query',
      wrapped(9, 'no poller seen for task queue'),
      'ControlWorkerUnavailable',
    ],
    [
      'a search attribute that is not there',
      wrapped(3, 'Namespace default has no mapping defined for search attribute MooringHost'),
      'NamespaceNotReady',
    ],
    ['another bad argument', wrapped(3, 'bad page token'), 'ServerFault'],
    ['a fault of the server', wrapped(13, 'internal'), 'ServerFault'],
    ['no such namespace', new NamespaceNotFoundError('storage'), 'NamespaceNotReady'],
    ['no such workflow', new WorkflowNotFoundError('gone', 'attachment/v', undefined), 'NotFound'],
    ['a deadline', wrapped(4, 'deadline exceeded'), 'StillRunning'],
    ['a call that was given up', wrapped(1, 'cancelled'), 'StillRunning'],
    [
      'an update without answer',
      new WorkflowUpdateRPCTimeoutOrCancelledError('late'),
      'StillRunning',
    ],
  ];
  test.each(cases)('%s', (_claim, error, type) => {
    expect(toOperationError(error)).toMatchObject({ type });
  });
});

describe('a failure that is none of the catalogue', () => {
  const cases: readonly [claim: string, error: unknown, type: string][] = [
    [
      'of an unknown type',
      ApplicationFailure.create({ type: 'Odd', message: 'x' }),
      'InternalFault',
    ],
    ['a cancellation', new CancelledFailure('cancelled'), 'Cancelled'],
    ['a termination', new TerminatedFailure('by hand'), 'CleanupIncomplete'],
    [
      'a step nobody took',
      byActivity(new TimeoutFailure('t', undefined, 'SCHEDULE_TO_START')),
      'HostUnavailable',
    ],
    [
      'a step out of time',
      byActivity(new TimeoutFailure('t', undefined, 'START_TO_CLOSE')),
      'DeadlineExceeded',
    ],
    ['a step of the catalogue', byActivity(createFailure('DeviceInUse', 'mounted')), 'DeviceInUse'],
    [
      'an update without cause',
      new WorkflowUpdateFailedError('failed', undefined),
      'InternalFault',
    ],
    ['a plain error', new TypeError('x is not a function\n at y'), 'InternalFault'],
    ['something thrown', 'text', 'InternalFault'],
  ];
  test.each(cases)('%s', (_claim, error, type) => {
    const known = toOperationError(error);
    expect(known).toMatchObject({ type });
    expect(known.message).not.toContain('\n');
    expect(known.advice).not.toBe('');
  });
});

test('an OperationError is handed on as it is', () => {
  const error = new OperationError({ type: 'Busy', message: 'm', advice: 'own advice' });
  expect(toOperationError(error, { workflowId: 'other' })).toBe(error);
  expect(error.advice).toBe('own advice');
});

test('its JSON holds neither stack nor cause', () => {
  const text = JSON.stringify(toOperationError(new Error('m', { cause: new Error('hidden') })));
  expect(text).not.toContain('hidden');
  expect(text).not.toContain('stack');
});
