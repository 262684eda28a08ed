import type { FailureSummary, UndoStep } from '../contract/failures.js';
import type { AccessMode } from '../contract/ids.js';
import type { AttachmentState } from '../contract/states.js';
import type { PathResult } from './attach-result.js';
import type { AttachRequest } from './attach-request.js';

/** The whole ledger entry of an attachment, as the `state` query returns it. */
export interface AttachmentView {
  readonly volumeId: string;
  readonly hostId: string;
  readonly access: AccessMode;
  readonly state: AttachmentState;
  /** ISO time of the last change of state. */
  readonly since: string;
  readonly request?: AttachRequest;
  readonly kind?: 'multipath' | 'single';
  readonly device?: string;
  readonly stablePath?: string;
  readonly wwid?: string;
  readonly sizeBytes?: number;
  readonly bootId?: string;
  readonly paths: readonly PathResult[];
  readonly warnings: readonly string[];
  readonly lastFailure?: FailureSummary;
  /** What a failed attach undid, or what a cleanup still has to do. */
  readonly undo?: readonly UndoStep[];
  /** What a person is asked to approve or refuse. */
  readonly question?: string;
  /** The host was booted, and the volume is being brought up again or waits for its turn. */
  readonly recovering?: true;
}
