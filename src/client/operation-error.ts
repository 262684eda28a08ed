import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  isGrpcServiceError,
  QueryNotRegisteredError,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  NamespaceNotFoundError,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowNotFoundError,
} from '@temporalio/common';
import {
  FAILURES,
  isFailureType,
  type FailureFacts,
  type FailureType,
} from '../contract/failures.js';
import { CLIENT_ERRORS, type ClientErrorType } from './client-errors.js';

/** Everything a call can end with: the catalogue of failures, and what only a client sees. */
export type OperationErrorType = FailureType | ClientErrorType;

/** What an {@link OperationError} is made of. */
export interface OperationErrorFields {
  readonly type: OperationErrorType;
  readonly message: string;
  readonly facts?: FailureFacts;
  /** Instead of the type's own advice. */
  readonly advice?: string;
  readonly workflowId?: string;
  readonly cause?: unknown;
}

/**
 * The one error that {@link MooringClient} throws, whatever happened below it.
 *
 * @example
 * ```ts
 * try {
 *   await mooring.attach(request);
 * } catch (error) {
 *   if (error instanceof OperationError && error.type === 'AttachedElsewhere') {
 *     report(`in use on ${String(error.facts.hostId)}`);
 *   } else throw error;
 * }
 * ```
 */
export class OperationError extends Error {
  override readonly name: string = 'OperationError';
  /** Machine name; a closed set, never renamed. */
  readonly type: OperationErrorType;
  /** The message's facts, for programs. */
  readonly facts: FailureFacts;
  /** What a person should do, one clause. */
  readonly advice: string;
  readonly workflowId: string | undefined;

  constructor({ type, message, facts = {}, advice, workflowId, cause }: OperationErrorFields) {
    super(message, cause === undefined ? {} : { cause });
    this.type = type;
    this.facts = facts;
    this.advice = advice ?? adviceFor(type);
    this.workflowId = workflowId;
  }

  /** As JSON: what a program needs, no stack and no cause. */
  toJSON(): Record<string, unknown> {
    const { type, message, advice, facts, workflowId } = this;
    return { type, message, advice, facts, ...(workflowId === undefined ? {} : { workflowId }) };
  }
}

/**
 * Turns whatever a call threw into an {@link OperationError}: update, workflow and activity failures
 * are unwrapped down to their cause; what the server or the connection said is classified.
 *
 * @example
 * ```ts
 * const error = toOperationError(reason, { workflowId: 'attachment/vol-7f3c' });
 * process.stderr.write(`${error.type}: ${error.message}; ${error.advice}\n`);
 * ```
 */
export function toOperationError(
  error: unknown,
  { workflowId }: { readonly workflowId?: string } = {},
): OperationError {
  if (error instanceof OperationError) return error;
  return new OperationError({
    ...(fromFailure(error) ?? fromServer(error) ?? unexpected(error)),
    ...(workflowId === undefined ? {} : { workflowId }),
    cause: error,
  });
}

type Fields = Pick<OperationErrorFields, 'type' | 'message' | 'facts' | 'advice'>;

/** What a workflow or an activity ended with. */
function fromFailure(error: unknown): Fields | undefined {
  if (
    error instanceof WorkflowUpdateFailedError ||
    error instanceof WorkflowFailedError ||
    error instanceof ActivityFailure ||
    error instanceof ChildWorkflowFailure
  ) {
    return fromFailure(error.cause) ?? { type: 'InternalFault', message: error.message };
  }
  if (error instanceof ApplicationFailure) return fromApplicationFailure(error);
  if (error instanceof TimeoutFailure) {
    return error.timeoutType === 'SCHEDULE_TO_START'
      ? { type: 'HostUnavailable', message: 'The host worker did not take the step in time' }
      : { type: 'DeadlineExceeded', message: `It was not done in time (${error.timeoutType})` };
  }
  if (error instanceof CancelledFailure) return { type: 'Cancelled', message: 'It was cancelled' };
  if (error instanceof TerminatedFailure) {
    const message = 'The attachment was terminated: nobody knows what is left on the host';
    return { type: 'CleanupIncomplete', message, advice: 'look at the host, then attach again' };
  }
  return undefined;
}

function fromApplicationFailure({ type, message, details }: ApplicationFailure): Fields {
  if (!isFailureType(type)) {
    return { type: 'InternalFault', message: `${type ?? 'Failure'}: ${message}` };
  }
  return { type, message, facts: (details?.[0] ?? {}) as FailureFacts };
}

/** gRPC status codes by number, so that nothing but types is needed of the gRPC library. */
const GRPC = {
  INVALID_ARGUMENT: 3,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** What the server or the connection said. */
function fromServer(error: unknown): Fields | undefined {
  if (
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcDeadlineError(error) ||
    isGrpcCancelledError(error)
  ) {
    return { type: 'StillRunning', message: 'No answer yet; the work goes on' };
  }
  if (error instanceof WorkflowNotFoundError) {
    return { type: 'NotFound', message: `There is no workflow ${error.workflowId}` };
  }
  if (error instanceof NamespaceNotFoundError) {
    return { type: 'NamespaceNotReady', message: `There is no namespace ${error.namespace}` };
  }
  if (error instanceof QueryNotRegisteredError) {
    return { type: 'ServerFault', message: error.message };
  }
  const status = serviceErrorOf(error);
  if (status === undefined) return undefined;
  const said = firstLine(status.details === '' ? status.message : status.details);
  switch (status.code) {
    case GRPC.UNAVAILABLE:
      return { type: 'ServerUnreachable', message: `The Temporal server does not answer: ${said}` };
    case GRPC.PERMISSION_DENIED:
    case GRPC.UNAUTHENTICATED:
      return { type: 'AccessDenied', message: `The Temporal server refused the call: ${said}` };
    case GRPC.FAILED_PRECONDITION:
      return said.includes('no poller')
        ? { type: 'ControlWorkerUnavailable', message: 'No control worker answers' }
        : { type: 'ServerFault', message: said };
    case GRPC.INVALID_ARGUMENT:
      return /search ?attribute/i.test(said)
        ? { type: 'NamespaceNotReady', message: `The namespace is not set up: ${said}` }
        : { type: 'ServerFault', message: said };
    default:
      return { type: 'ServerFault', message: said };
  }
}

function serviceErrorOf(
  error: unknown,
): { code: number; details: string; message: string } | undefined {
  if (isGrpcServiceError(error)) return error;
  if (error instanceof Error && isGrpcServiceError(error.cause)) return error.cause;
  return undefined;
}

function unexpected(error: unknown): Fields {
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'InternalFault', message: firstLine(message) };
}

function adviceFor(type: OperationErrorType): string {
  return isFailureType(type) ? FAILURES[type].advice : CLIENT_ERRORS[type];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
