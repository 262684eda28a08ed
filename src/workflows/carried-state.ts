import type { FailureSummary } from '../contract/failures.js';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult, DetachResult } from '../model/attach-result.js';
import type { DetachRequest } from '../model/detach-request.js';
import type { AbandonRequest, VolumeRequest } from '../model/operations.js';
import type { AbandonResult, VerifyResult } from '../model/plan.js';
import type { Answer } from './answer-book.js';
import type { LedgerEntry } from './ledger.js';
import type { HostBooted } from './messages.js';

/** What each operation that waits for its turn is asked with. */
export interface OperationRequests {
  readonly attach: AttachRequest;
  readonly detach: DetachRequest;
  readonly verify: VolumeRequest;
  readonly repair: VolumeRequest;
  readonly recover: HostBooted;
  readonly abandon: AbandonRequest;
}

/** What each of them answers. */
export interface OperationResults {
  readonly attach: AttachResult;
  readonly detach: DetachResult;
  readonly verify: VerifyResult;
  readonly repair: AttachResult;
  readonly recover: undefined;
  readonly abandon: AbandonResult;
}

export type OperationKind = keyof OperationRequests;

/** An operation without an outcome. Plain data: the next run takes it up where it came to rest. */
export interface WaitingOperation<Kind extends OperationKind = OperationKind> {
  readonly kind: Kind;
  readonly request: OperationRequests[Kind];
  /** Of the update that asked for it; absent when no caller waits. */
  readonly updateId?: string;
}

/** Everything a run hands to the one that continues it. Fields are only ever added, see upgrades.md. */
export interface CarriedState {
  readonly ledger: LedgerEntry;
  /** What callers were told, so that a repeated request gets the same answer. */
  readonly answers?: readonly Answer[];
  /** In the order of their turns. */
  readonly waiting?: readonly WaitingOperation[];
  /** Why the attach failed whose cleanup goes on. */
  readonly cause?: FailureSummary;
}
