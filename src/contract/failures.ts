import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

/**
 * `permanent` is never retried by itself; `passing` may go away, so steps are tried again. `mendable`
 * is mended by the host's operator: a removal that has begun waits for that, all else ends by it.
 */
export type FailureClass = 'permanent' | 'mendable' | 'passing';

export interface FailureRule {
  readonly class: FailureClass;
  /** What the operator should do, one clause. */
  readonly advice: string;
  /** Expected while something is awaited: kept out of warnings and failure metrics. */
  readonly benign?: true;
}

/**
 * Every failure that crosses a Temporal boundary. The key is the `type` of the ApplicationFailure:
 * a closed set, never renamed. `docs/failures.md` has one entry per key.
 */
export const FAILURES = {
  InvalidRequest: { class: 'permanent', advice: 'correct the named field and send it again' },
  HostUnavailable: {
    class: 'permanent',
    advice: 'start the host worker, or wait until it is less busy, then send the request again',
  },
  HostNotReady: {
    class: 'mendable',
    advice: 'start the missing service or load the missing module on the host',
  },
  WrongHost: {
    class: 'permanent',
    advice: 'two workers answer for one host id: give every host an id of its own',
  },
  HostReplaced: {
    class: 'permanent',
    advice: 'the host was re-imaged: confirm that nothing of the old system is running',
  },
  PortalUnreachable: { class: 'passing', advice: 'check the network and the portal of the array' },
  TargetNotFound: {
    class: 'permanent',
    advice: 'check the target name and that the array serves it on this portal',
  },
  LoginRefused: {
    class: 'permanent',
    advice: "check the secret behind the reference and the array's access list",
  },
  LunNotFound: {
    class: 'passing',
    advice: 'check that the array maps the LUN to this initiator',
    benign: true,
  },
  WrongVolume: {
    class: 'permanent',
    advice: 'check the mapping on the array before anything else',
  },
  MultipathUnavailable: { class: 'permanent', advice: 'start multipathd on the host' },
  MapNotFormed: { class: 'passing', advice: "look into multipathd's log on the host" },
  MapNotUsable: { class: 'passing', advice: 'check the state of the paths on the array' },
  DeviceInUse: {
    class: 'permanent',
    advice: 'unmount or stop the user named in the facts, then detach again',
  },
  FlushFailed: {
    class: 'permanent',
    advice: 'data may be unwritten: restore a path and detach again',
  },
  NeedsApproval: { class: 'permanent', advice: 'a person must approve the step that loses data' },
  AttachedElsewhere: {
    class: 'permanent',
    advice: 'detach the volume where it is attached, or ask for shared access',
  },
  ConnectionConflict: {
    class: 'permanent',
    advice: 'the volume is attached with another connection: detach it first',
  },
  Busy: { class: 'passing', advice: 'another operation holds the volume: send it again later' },
  DeadlineExceeded: { class: 'permanent', advice: 'see what was slow, or allow more time' },
  Cancelled: { class: 'permanent', advice: 'none: a detach or a cancel ended the attach' },
  CommandTimedOut: {
    class: 'passing',
    advice: 'a process may be in uninterruptible sleep on the host',
  },
  CleanupIncomplete: {
    class: 'permanent',
    advice: 'see what is left; the attachment stays open and goes on cleaning up',
  },
  SecretUnavailable: {
    class: 'permanent',
    advice: 'put the secret where the host worker looks for it, readable for root only',
  },
  InternalFault: { class: 'permanent', advice: 'a defect in mooring: report it with the history' },
} as const satisfies Record<string, FailureRule>;

export type FailureType = keyof typeof FAILURES;

/** Facts beside a message: JSON-safe, at most 2 KiB, no secret and no command line. */
export type FailureFacts = Readonly<Record<string, unknown>>;

/** What an undo did, step by step, oldest first. */
export interface UndoStep {
  readonly step: string;
  readonly outcome: 'done' | 'failed';
  readonly message?: string;
}

/** Types that no retry can mend, soon enough; the same object feeds activity retry policies. */
export const PERMANENT_FAILURES: readonly FailureType[] = failureTypes().filter(
  (type) => FAILURES[type].class !== 'passing',
);

/** Those that not even a removal that has begun waits out. */
export const FINAL_FAILURES: readonly FailureType[] = PERMANENT_FAILURES.filter(
  (type) => FAILURES[type].class !== 'mendable',
);

/** All types of the catalogue. */
export function failureTypes(): FailureType[] {
  return Object.keys(FAILURES) as FailureType[];
}

export function isFailureType(type: unknown): type is FailureType {
  return typeof type === 'string' && Object.hasOwn(FAILURES, type);
}

/**
 * Builds the one kind of error that may cross a Temporal boundary.
 *
 * @param message - what failed, on what, seen versus expected; no secret, no command line
 * @param facts - the message's facts for programs; tests assert on these
 */
export function createFailure(
  type: FailureType,
  message: string,
  facts: FailureFacts = {},
): ApplicationFailure {
  const rule: FailureRule = FAILURES[type];
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: rule.class === 'permanent',
    details: [facts],
    ...(rule.benign === true ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
}

/** A failure as plain data, for results, ledgers and queries. */
export interface FailureSummary {
  readonly type: FailureType;
  readonly message: string;
  readonly facts?: FailureFacts;
}
