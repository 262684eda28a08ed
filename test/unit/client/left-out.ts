import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

const cause = ApplicationFailure.nonRetryable('It was not processed', 'UnprocessedUpdate');

/** How an update ends that a control worker left out of its answer. */
export const LEFT_OUT = new WorkflowUpdateFailedError('Workflow Update failed', cause);
