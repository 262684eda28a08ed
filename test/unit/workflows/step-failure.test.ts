import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import { expect, test } from 'vitest';
import { stepEnd } from '../../../src/workflows/step-failure.js';

test('a step that the orderly end of its worker cut off is lost, not failed', () => {
  const cause = ApplicationFailure.create({
    message: 'Worker is shutting down and this activity did not complete in time',
    type: 'WorkerShutdown',
  });
  const error = new ActivityFailure(
    ...(['failed', 'ensureSession', '1', RetryState.MAXIMUM_ATTEMPTS_REACHED, 'db-17'] as const),
    cause,
  );
  expect(stepEnd(error)).toEqual({ kind: 'lost' });
});
