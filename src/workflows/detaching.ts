import { CancellationScope, condition, type ApplicationFailure } from '@temporalio/workflow';
import { createFailure } from '../contract/failures.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import type { DetachResult } from '../model/attach-result.js';
import type { DetachRequest } from '../model/detach-request.js';
import { ApprovalDesk } from './approval.js';
import { detachFailure, detachVolumeFromHost } from './detach.js';
import { HostWatch } from './host-watch.js';
import type { Ledger } from './ledger.js';
import { stepEnd, summariseFailure } from './step-failure.js';
import { undoAttach } from './undo.js';

/** Everything that takes a volume off its host: a detach, and the undo of an attach. */
export class Detaching {
  readonly desk: ApprovalDesk;
  private readonly ledger: Ledger;
  private scope = new CancellationScope();

  constructor(ledger: Ledger) {
    this.ledger = ledger;
    this.desk = new ApprovalDesk(ledger);
  }

  /** Ends what is under way, or waits for a host that will never come. Only an abandon does that. */
  cancel(): void {
    this.scope.cancel();
  }

  /** Data first, then devices, then what nobody else uses. */
  async detach(request: DetachRequest): Promise<DetachResult> {
    const { ledger } = this;
    const { volume, undo } = ledger.entry;
    if (!ledger.holdsSomething || volume === undefined) {
      ledger.setState('detached');
      return nothingAttached(
        ledger,
        (undo ?? []).map(({ step }) => `undone: ${step}`),
      );
    }
    const watch = new HostWatch(ledger);
    const watching = watch.run();
    try {
      const result = await this.inScope(() =>
        detachVolumeFromHost(ledger, volume, {
          mode: request.mode,
          desk: this.desk,
          onProgress: watch.onProgress,
        }),
      );
      for (const path of ledger.entry.paths) path.touched = false;
      watch.end();
      ledger.setState('detached');
      const { unwritten } = ledger.entry;
      return unwritten === undefined
        ? result
        : { ...result, warnings: [...result.warnings, lostBefore(unwritten)] };
    } catch (error) {
      // Only an abandon cancels it, and says so itself.
      if (stepEnd(error).kind === 'cancelled') throw error;
      const failure = detachFailure(error);
      // The kernel tells a failed write-back once; the next one ends well with the data gone.
      if (failure.type === 'FlushFailed') ledger.entry.unwritten = failure.message;
      ledger.entry.lastFailure = summariseFailure(failure);
      throw failure;
    } finally {
      watch.end();
      await watching;
    }
  }

  /**
   * Undoes a failed attach. The caller is not kept waiting for a cleanup that takes long: it goes on.
   *
   * @param hold - keeps the next operation waiting for the end of the cleanup
   */
  async undo(cause: ApplicationFailure, hold: (cleanup: Promise<void>) => void): Promise<void> {
    const { ledger } = this;
    ledger.entry.lastFailure = summariseFailure(cause);
    hold(
      this.inScope(() => undoAttach(ledger)).then(() => {
        if (!ledger.holdsSomething) ledger.setState('failed');
      }),
    );
    const inTime = await condition(() => !ledger.holdsSomething, FIXED_BOUNDS.undoReportMs);
    if (!inTime) ledger.setState('cleaning-up');
  }

  private inScope<Result>(work: () => Promise<Result>): Promise<Result> {
    this.scope = new CancellationScope();
    return this.scope.run(work);
  }
}

function nothingAttached({ key }: Ledger, removed: readonly string[]): DetachResult {
  return {
    volumeId: key.volumeId,
    hostId: key.hostId,
    state: 'detached',
    wasAttached: false,
    removed: [...removed],
    kept: [],
    warnings: [],
  };
}

/** A write-back that failed before this detach may have lost what was dirty then. */
function lostBefore(message: string): string {
  return `an earlier write-back failed, and what was dirty then may be lost: ${message}`;
}

/** For an operation that an abandon ended. */
export function endedByAbandon({ key }: Ledger): ApplicationFailure {
  return createFailure('Cancelled', `${key.volumeId} was abandoned on ${key.hostId}`);
}
