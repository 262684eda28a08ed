import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import {
  createFailure,
  isFailureType,
  type FailureFacts,
  type FailureSummary,
} from '../contract/failures.js';

/** The SDK's type (1.24.0) for a step that was cut off when its worker ended in order. */
const CUT_OFF = 'WorkerShutdown';

/** How a step that did not succeed ended. */
export type StepEnd =
  | { readonly kind: 'failed'; readonly failure: ApplicationFailure }
  /** Nobody took it: it never ran. */
  | { readonly kind: 'not-taken' }
  /** It ran, or may have; its answer is lost. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'out-of-time' }
  | { readonly kind: 'cancelled' };

/** Reads an activity's error. Every kind of error has an answer, so none stalls the workflow. */
export function stepEnd(error: unknown): StepEnd {
  if (isCancellation(error)) return { kind: 'cancelled' };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) {
    switch (cause.timeoutType) {
      case 'SCHEDULE_TO_START':
        return { kind: 'not-taken' };
      case 'SCHEDULE_TO_CLOSE':
        return { kind: 'out-of-time' };
      default:
        return { kind: 'lost' };
    }
  }
  if (cause instanceof ApplicationFailure) {
    if (cause.type === CUT_OFF) return { kind: 'lost' };
    if (isFailureType(cause.type)) return { kind: 'failed', failure: cause };
  }
  const seen = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return { kind: 'failed', failure: createFailure('InternalFault', seen.slice(0, 512)) };
}

/** A failure as data, for ledger and result. */
export function summariseFailure(failure: ApplicationFailure): FailureSummary {
  const type = isFailureType(failure.type) ? failure.type : 'InternalFault';
  return { type, message: failure.message };
}

/** The same with the facts beside it, for who must tell it again word for word. */
export function failureWithFacts(failure: ApplicationFailure): FailureSummary {
  const facts = failure.details?.[0] as FailureFacts | undefined;
  return { ...summariseFailure(failure), ...(facts === undefined ? {} : { facts }) };
}

/**
 * Runs an update's handler, and turns whatever escapes it into a failure of the catalogue. A plain error would fail
 * the workflow task instead and be tried again for ever.
 */
export async function guarded<Result>(handle: () => Promise<Result>): Promise<Result> {
  try {
    // A cancelled workflow still has to take its volume off the host, and to answer.
    return await CancellationScope.nonCancellable(handle);
  } catch (error) {
    if (error instanceof ApplicationFailure && isFailureType(error.type)) throw error;
    if (error instanceof CancelledFailure) throw createFailure('Cancelled', 'It was cancelled');
    // Not ours to judge: the SDK's own signal that code and history differ.
    if (error instanceof Error && error.name === 'DeterminismViolationError') throw error;
    const end = stepEnd(error);
    if (end.kind === 'failed') throw end.failure;
    throw createFailure('InternalFault', `A step ended as ${end.kind} without being handled`);
  }
}
