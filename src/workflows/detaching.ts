import { CancellationScope, condition, sleep, type ApplicationFailure } from '@temporalio/workflow';
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
  /** A detach waits for a host that is known to be away, or is asked to stop doing so. */
  private wait: 'none' | 'for-host' | 'breaking-off' | 'broken-off' = 'none';
  /** An undo waits for its next try. */
  private isPausing = false;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
    this.desk = new ApprovalDesk(ledger, {
      onAsk: this.onHost,
      isBrokenOff: this.isBrokenOff,
    });
  }

  /** Ends what is under way, or waits for a host that will never come. Only an abandon does that. */
  cancel(): void {
    this.wait = 'none';
    this.scope.cancel();
  }

  /** Nothing of it is under way on the host, or can be brought to that at once. */
  get mayRest(): boolean {
    return this.isAtRest || this.wait === 'for-host';
  }

  /** Nothing of it is under way on the host: another run can go on from here. */
  get isAtRest(): boolean {
    return this.isPausing || this.desk.isUndecided || this.wait === 'broken-off';
  }

  /** Takes the step back that lies in the queue of a host that is away. */
  async comeToRest(): Promise<void> {
    if (this.wait !== 'for-host') return;
    this.wait = 'breaking-off';
    this.scope.cancel();
    await condition(() => this.wait !== 'breaking-off');
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
    const watch = new HostWatch(ledger, { onAway: this.onAway, onHost: this.onHost });
    const watching = watch.run();
    try {
      const result = await this.inScope(() =>
        detachVolumeFromHost(ledger, volume, {
          mode: request.mode,
          desk: this.desk,
          onProgress: watch.onProgress,
          isBrokenOff: this.isBrokenOff,
        }),
      );
      delete ledger.entry.before;
      for (const path of ledger.entry.paths) path.touched = false;
      watch.end();
      ledger.setState('detached');
      const { unwritten } = ledger.entry;
      return unwritten === undefined
        ? result
        : { ...result, warnings: [...result.warnings, lostBefore(unwritten)] };
    } catch (error) {
      if (this.isBrokenOff(error)) await this.untilCalledOff(watch);
      delete ledger.entry.before;
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
      this.wait = 'none';
    }
  }

  private readonly onAway = (): void => {
    if (this.wait === 'none') this.wait = 'for-host';
  };

  private readonly onHost = (): void => {
    if (this.wait === 'for-host') this.wait = 'none';
  };

  private readonly isBrokenOff = (error: unknown): boolean =>
    this.wait === 'breaking-off' && stepEnd(error).kind === 'cancelled';

  /** Holds a detach that was broken off, until its run ends or an abandon ends it for good. */
  private async untilCalledOff(watch: HostWatch): Promise<void> {
    watch.end();
    this.wait = 'broken-off';
    await condition(() => this.wait !== 'broken-off');
  }

  /**
   * Undoes a failed attach. The caller is not kept waiting for a cleanup that takes long: it goes on.
   *
   * @param hold - keeps the next operation waiting for the end of the cleanup
   */
  async undo(cause: ApplicationFailure, hold: (cleanup: Promise<void>) => void): Promise<void> {
    const { ledger } = this;
    ledger.entry.lastFailure = summariseFailure(cause);
    hold(this.cleanUp());
    const inTime = await condition(() => !ledger.holdsSomething, FIXED_BOUNDS.undoReportMs);
    if (!inTime) ledger.setState('cleaning-up');
  }

  /** Goes on until nothing of a failed attach is left, or an abandon ends it. */
  async cleanUp(): Promise<void> {
    const { ledger } = this;
    await this.inScope(() => undoAttach(ledger, this.pause));
    if (!ledger.holdsSomething) ledger.setState('failed');
  }

  private readonly pause = async (pauseMs: number): Promise<void> => {
    this.isPausing = true;
    await sleep(pauseMs, { summary: 'before the cleanup is tried again' }).catch(() => undefined);
    this.isPausing = false;
  };

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

/** For an operation that a detach ended: it changes nothing on the host any more. */
export function endedByDetach({ key }: Ledger, operation: string): ApplicationFailure {
  const message = `${key.volumeId} on ${key.hostId}: ${operation} was ended by a detach`;
  return createFailure('Cancelled', message);
}
