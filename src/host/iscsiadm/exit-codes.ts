/**
 * iscsiadm's exit codes: open-iscsi `include/iscsi_err.h`, and iscsiadm(8) of 2.1.8, which leaves
 * out 33. With several objects iscsiadm answers the first error, so mooring always names one.
 */
export const ISCSIADM_EXIT = {
  success: 0,
  generic: 1,
  sessionNotFound: 2,
  noMemory: 3,
  connectProblem: 4,
  loginFailed: 5,
  /** Also a lock that was not free for 30 s, and a caller who is not root. */
  databaseError: 6,
  invalidArgument: 7,
  connectTimeout: 8,
  internal: 9,
  logoutFailed: 10,
  pduTimeout: 11,
  transportNotFound: 12,
  noPermission: 13,
  transportCannot: 14,
  sessionExists: 15,
  /** Talking to iscsid failed on the way. */
  iscsidTrouble: 18,
  fatalLogin: 19,
  iscsidUnreachable: 20,
  /** No record or no session matches, the caller is not root, or the modules are not loaded. */
  noObjects: 21,
  sysfsLookup: 22,
  hostNotFound: 23,
  loginNotAuthorised: 24,
  busy: 28,
  again: 29,
  childTerminated: 31,
  sessionNotConnected: 32,
  requestTimedOut: 33,
} as const;

/** What a login's exit code says about the login. */
export type LoginEnd =
  'done' | 'session-exists' | 'refused' | 'no-target' | 'unreachable' | 'not-ready' | 'trouble';

/**
 * Names a login's exit code. Whether there is a session is never told by the code but by sysfs.
 *
 * A wrong target name cannot be told from a dead portal: both end as 8, after the last retry (seen
 * with 2.1.8). And 5 is what iscsid says after a target that asked to be tried later, so it is no
 * refusal.
 */
export function classifyLoginExit(exitCode: number): LoginEnd {
  switch (exitCode) {
    case ISCSIADM_EXIT.success:
      return 'done';
    case ISCSIADM_EXIT.sessionExists:
      return 'session-exists';
    case ISCSIADM_EXIT.fatalLogin:
    case ISCSIADM_EXIT.loginNotAuthorised:
      return 'refused';
    case ISCSIADM_EXIT.noObjects:
      return 'no-target';
    case ISCSIADM_EXIT.connectProblem:
    case ISCSIADM_EXIT.loginFailed:
    case ISCSIADM_EXIT.connectTimeout:
    case ISCSIADM_EXIT.pduTimeout:
    case ISCSIADM_EXIT.requestTimedOut:
      return 'unreachable';
    case ISCSIADM_EXIT.transportNotFound:
    case ISCSIADM_EXIT.noPermission:
    case ISCSIADM_EXIT.iscsidTrouble:
    case ISCSIADM_EXIT.iscsidUnreachable:
      return 'not-ready';
    default:
      return 'trouble';
  }
}

/** Codes of a call that stumbled over another one, seen when sessions come and go meanwhile. */
const WORTH_REPEATING: ReadonlySet<number> = new Set([
  ISCSIADM_EXIT.generic,
  ISCSIADM_EXIT.databaseError,
  ISCSIADM_EXIT.internal,
  ISCSIADM_EXIT.sysfsLookup,
  ISCSIADM_EXIT.hostNotFound,
  ISCSIADM_EXIT.busy,
  ISCSIADM_EXIT.again,
  ISCSIADM_EXIT.childTerminated,
  ISCSIADM_EXIT.sessionNotConnected,
]);

/** Whether the same call may go well when it is made again at once. */
export function isWorthRepeating(exitCode: number): boolean {
  return WORTH_REPEATING.has(exitCode);
}
