import { OperationError, type OperationErrorType } from '../../client/operation-error.js';
import { WorkerRefused, type RefusalReason } from '../../worker/worker-refused.js';

const ERROR_OF: Readonly<Record<RefusalReason, { type: OperationErrorType; advice: string }>> = {
  setting: { type: 'InvalidRequest', advice: 'see `mooring worker --help`' },
  unreachable: {
    type: 'ServerUnreachable',
    advice: 'start it, or set --address or TEMPORAL_ADDRESS to where it is',
  },
  conflict: { type: 'Busy', advice: 'end the other worker first' },
  'not-ready': { type: 'NamespaceNotReady', advice: 'run `mooring setup` as an operator may' },
};

/** Runs something of the worker's room; its refusals become the command line's errors. */
export async function orRefusal<Result>(run: () => Promise<Result> | Result): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof WorkerRefused)) throw error;
    throw new OperationError({
      ...ERROR_OF[error.reason],
      message: error.message,
      cause: error,
    });
  }
}
