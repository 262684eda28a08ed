import type { OperationErrorType } from '../client/operation-error.js';
import type { FailureFacts } from '../contract/failures.js';

/** Every exit code, with what it means to a script. Part of the contract: never renumbered. */
export const EXIT_CODES = {
  ok: { code: 0, means: 'it is done' },
  failed: { code: 1, means: 'the operation failed and was undone' },
  usage: { code: 2, means: 'the command line or the request is wrong; nothing was touched' },
  unavailable: { code: 3, means: 'the server, its control workers or the host do not answer' },
  refused: { code: 4, means: 'refused: a person must act' },
  notFound: { code: 5, means: 'there is no such attachment' },
  conflict: { code: 6, means: 'another attachment or operation holds the volume' },
  cleanupIncomplete: { code: 7, means: 'it failed, and cleaning up is not finished' },
  timedOut: { code: 124, means: 'the time given is over; the work goes on' },
  interrupted: { code: 130, means: 'interrupted; the work goes on' },
} as const;

export type ExitName = keyof typeof EXIT_CODES;

const EXIT_OF: Readonly<Record<OperationErrorType, ExitName>> = {
  InvalidRequest: 'usage',
  HostUnavailable: 'unavailable',
  HostNotReady: 'unavailable',
  WrongHost: 'refused',
  HostReplaced: 'refused',
  PortalUnreachable: 'failed',
  TargetNotFound: 'failed',
  LoginRefused: 'failed',
  LunNotFound: 'failed',
  WrongVolume: 'refused',
  MultipathUnavailable: 'failed',
  MapNotFormed: 'failed',
  MapNotUsable: 'failed',
  DeviceInUse: 'refused',
  FlushFailed: 'refused',
  NeedsApproval: 'refused',
  AttachedElsewhere: 'conflict',
  ConnectionConflict: 'conflict',
  Busy: 'conflict',
  DeadlineExceeded: 'failed',
  Cancelled: 'failed',
  CommandTimedOut: 'failed',
  CleanupIncomplete: 'cleanupIncomplete',
  SecretUnavailable: 'failed',
  InternalFault: 'failed',
  ServerUnreachable: 'unavailable',
  AccessDenied: 'unavailable',
  NamespaceNotReady: 'unavailable',
  ControlWorkerUnavailable: 'unavailable',
  ServerFault: 'unavailable',
  NotFound: 'notFound',
  StillRunning: 'timedOut',
};

/** The exit code for an error. An unfinished cleanup weighs more than its cause. */
export function exitCodeOf(error: {
  readonly type: OperationErrorType;
  readonly facts: FailureFacts;
}): number {
  const name = error.facts['undoFinished'] === false ? 'cleanupIncomplete' : EXIT_OF[error.type];
  return EXIT_CODES[name].code;
}

/** The table for `mooring help exit-codes`. */
export function describeExitCodes(): string {
  const lines = Object.values(EXIT_CODES).map(
    ({ code, means }) => `  ${String(code).padStart(3)}  ${means}`,
  );
  return ['Exit codes:', ...lines].join('\n');
}
