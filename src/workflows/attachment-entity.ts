import { condition, type ApplicationFailure } from '@temporalio/workflow';
import { createFailure, FAILURES } from '../contract/failures.js';
import type { AttachmentKey } from '../contract/ids.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult, DetachResult } from '../model/attach-result.js';
import type { AttachmentView } from '../model/attachment.js';
import type { DetachRequest } from '../model/detach-request.js';
import { BringUp } from './attach.js';
import { detachFailure, detachVolumeFromHost } from './detach.js';
import { HostWatch } from './host-watch.js';
import { Ledger, type LedgerEntry } from './ledger.js';
import { OperationQueue } from './operation-queue.js';
import { guarded, stepEnd, summariseFailure } from './step-failure.js';
import { undoAttach } from './undo.js';
import { stillHolds } from './verify.js';

/** Work that goes on without a caller: stragglers of an attach, the top-up of missing paths. */
interface Background {
  cancel(): void;
  readonly done: Promise<void>;
}

/** Decides what an attachment does next. The steps themselves are in `attach.ts`, `detach.ts`. */
export class AttachmentEntity {
  readonly ledger: Ledger;
  private readonly queue = new OperationQueue();
  private pending = 0;
  private used = false;
  /** Cause of the last attach that was undone. */
  private cause: ApplicationFailure | undefined;
  private bringUp: BringUp | undefined;
  private background: Background | undefined;
  private topUpPauseMs = 0;

  constructor(key: AttachmentKey, carried?: LedgerEntry) {
    this.ledger = new Ledger(key, carried);
    this.used = carried !== undefined;
  }

  /** Whether any message has come. */
  get isUsed(): boolean {
    return this.used;
  }

  get isIdle(): boolean {
    return this.pending === 0 && this.background === undefined;
  }

  /** Nothing is on the host and nobody waits for an answer. */
  isOver(): boolean {
    return this.isIdle && !this.ledger.holdsSomething;
  }

  /** Missing paths whose failure may pass are tried again while the volume is in use. */
  get wantsTopUp(): boolean {
    return this.isIdle && this.ledger.entry.state === 'degraded' && this.missingPaths.length > 0;
  }

  /** What the run fails with, once it is over: the cause of the last attach, and its undo. */
  get failure(): ApplicationFailure | undefined {
    return this.cause === undefined ? undefined : withUndo(this.cause, this.ledger);
  }

  view(): AttachmentView {
    return this.ledger.view();
  }

  /**
   * Brings the volume up, or finds that it is up already.
   *
   * @throws ApplicationFailure - after an undo, whose steps are in the ledger and in the message
   */
  async attach(request: AttachRequest): Promise<AttachResult> {
    this.used = true;
    if (this.ledger.entry.state === 'cleaning-up') {
      throw createFailure(
        'Busy',
        `${request.volumeId} is being cleaned up on ${this.ledger.key.hostId} after a failed attach`,
        { hostId: this.ledger.key.hostId },
      );
    }
    if (this.ledger.holdsSomething) this.refuseOtherHost(request.hostId, 'attach');
    return this.operate(() => this.attachNow(request));
  }

  /** Takes the volume off its host. Ends an attach that is under way; that one is undone. */
  async detach(request: DetachRequest): Promise<DetachResult> {
    this.used = true;
    this.refuseOtherHost(request.hostId, 'detach');
    this.bringUp?.cancel();
    return this.operate(() => this.detachNow());
  }

  /** A cancelled workflow takes its volume off the host, by the same steps as a detach. */
  onWorkflowCancelled(): void {
    const { volumeId, hostId } = this.ledger.key;
    void guarded(() => this.detach({ volumeId, hostId, mode: 'normal' })).catch(
      (error: unknown) => {
        this.ledger.entry.lastFailure = summariseFailure(detachFailure(error));
        this.ledger.setState(this.ledger.entry.state);
      },
    );
  }

  /** Tries the missing paths again after a pause that grows. */
  startTopUp(): void {
    const { policy } = this.ledger;
    this.topUpPauseMs =
      this.topUpPauseMs === 0
        ? policy.retryPathsMinMs
        : Math.min(2 * this.topUpPauseMs, policy.retryPathsMaxMs);
    let cancelled = false;
    const { topUpPauseMs } = this;
    const run = async (): Promise<void> => {
      const summary = 'before missing paths are tried again';
      await condition(() => cancelled, topUpPauseMs).catch(() => undefined);
      if (cancelled) return;
      const { request } = this.ledger.entry;
      if (request === undefined) throw createFailure('InternalFault', `No request ${summary}`);
      const bringUp = new BringUp(this.ledger, request, this.missingPaths);
      this.bringUp = bringUp;
      await bringUp.runPathsOnly();
      await this.takeIn(bringUp);
    };
    this.runInBackground(run(), () => {
      cancelled = true;
      this.bringUp?.cancel();
    });
  }

  private get missingPaths(): Ledger['entry']['paths'] {
    return this.ledger.entry.paths.filter(
      ({ device, failure }) =>
        device === undefined && (failure === undefined || mayPass(failure.type)),
    );
  }

  /** Runs an operation in its turn. */
  private async operate<Result>(operation: () => Promise<Result>): Promise<Result> {
    this.pending += 1;
    try {
      return await this.queue.run(operation);
    } finally {
      this.pending -= 1;
    }
  }

  /** Work without a caller makes way for what changes the host. */
  private async stopBackground(): Promise<void> {
    this.background?.cancel();
    await this.background?.done;
  }

  private async attachNow(request: AttachRequest): Promise<AttachResult> {
    const { ledger } = this;
    this.refuseOtherHost(request.hostId, 'attach');
    if (!ledger.holdsSomething) return this.attachAfresh(request);
    if (!ledger.isForSameConnection(request)) {
      throw createFailure(
        'ConnectionConflict',
        `${request.volumeId} is attached to ${request.hostId} by another connection`,
        { hostId: request.hostId, state: ledger.entry.state },
      );
    }
    const { volume } = ledger.entry;
    if (volume !== undefined && (await stillHolds(ledger, volume))) return ledger.result(volume);
    await this.stopBackground();
    // What is attached does not hold any more, a reboot for example: the same steps mend it.
    for (const path of ledger.entry.paths) delete path.device;
    const bringUp = new BringUp(ledger, request, ledger.entry.paths);
    try {
      return await this.follow(bringUp);
    } catch (error) {
      ledger.setState('degraded');
      throw error;
    }
  }

  private async attachAfresh(request: AttachRequest): Promise<AttachResult> {
    const { ledger } = this;
    this.cause = undefined;
    ledger.begin(request);
    const bringUp = new BringUp(ledger, request, ledger.entry.paths);
    try {
      return await this.follow(bringUp);
    } catch (error) {
      const end = stepEnd(error);
      const cause =
        end.kind === 'failed'
          ? end.failure
          : createFailure('Cancelled', `The attach of ${request.volumeId} was ended by a detach`);
      bringUp.cancel();
      await bringUp.stragglers();
      throw await this.undone(cause);
    }
  }

  /** Runs the attach; what is still on its way at its answer goes on in the background. */
  private async follow(bringUp: BringUp): Promise<AttachResult> {
    this.bringUp = bringUp;
    this.topUpPauseMs = 0;
    const result = await bringUp.run();
    if (bringUp.hasStragglers) {
      const late = bringUp.stragglers().then(() => this.takeIn(bringUp));
      this.runInBackground(late, () => {
        bringUp.cancel();
      });
    }
    return result;
  }

  /** Records paths that came late: the map takes them in, the state may become `attached`. */
  private async takeIn(bringUp: BringUp): Promise<void> {
    const carried = this.ledger.entry.volume?.carriers.length ?? 0;
    if (this.ledger.presentPaths.length <= carried) return;
    await bringUp.refreshDevice();
    this.topUpPauseMs = 0;
  }

  private runInBackground(work: Promise<void>, cancel: () => void): void {
    const done = work
      .catch((error: unknown) => {
        const end = stepEnd(error);
        if (end.kind === 'failed') this.ledger.entry.lastFailure = summariseFailure(end.failure);
      })
      .then(() => {
        this.background = undefined;
      });
    this.background = { cancel, done };
  }

  /**
   * Undoes a failed attach and says how far that came. The caller is not kept waiting for a cleanup
   * that takes long: it goes on, and the next operation waits for it.
   *
   * @returns the original failure, with the undo beside it
   */
  private async undone(cause: ApplicationFailure): Promise<ApplicationFailure> {
    const { ledger } = this;
    ledger.entry.lastFailure = summariseFailure(cause);
    const undo = undoAttach(ledger).then(() => {
      ledger.setState('failed');
    });
    this.pending += 1;
    const released = undo.finally(() => {
      this.pending -= 1;
    });
    this.queue.hold(released);
    const inTime = await condition(() => !ledger.holdsSomething, FIXED_BOUNDS.undoReportMs);
    if (!inTime) ledger.setState('cleaning-up');
    this.cause = cause;
    return withUndo(cause, ledger);
  }

  private async detachNow(): Promise<DetachResult> {
    await this.stopBackground();
    const { ledger } = this;
    const { volume, undo } = ledger.entry;
    const { volumeId, hostId } = ledger.key;
    if (!ledger.holdsSomething || volume === undefined) {
      this.cause = undefined;
      ledger.setState('detached');
      const removed = (undo ?? []).map(({ step }) => `undone: ${step}`);
      return {
        volumeId,
        hostId,
        state: 'detached',
        wasAttached: false,
        removed,
        kept: [],
        warnings: [],
      };
    }
    const watch = new HostWatch(ledger);
    const watching = watch.run();
    try {
      const result = await detachVolumeFromHost(ledger, volume, watch.onProgress);
      for (const path of ledger.entry.paths) path.touched = false;
      watch.end();
      ledger.setState('detached');
      return result;
    } catch (error) {
      const failure = detachFailure(error);
      ledger.entry.lastFailure = summariseFailure(failure);
      throw failure;
    } finally {
      watch.end();
      await watching;
    }
  }

  private refuseOtherHost(hostId: string, operation: 'attach' | 'detach'): void {
    const { key } = this.ledger;
    if (hostId === key.hostId) return;
    if (!this.ledger.holdsSomething && this.bringUp !== undefined) {
      throw createFailure('Busy', `${key.volumeId} is just leaving ${key.hostId}`, {
        hostId: key.hostId,
      });
    }
    throw createFailure(
      'AttachedElsewhere',
      `Refused to ${operation} ${key.volumeId} on ${hostId}: it is on ${key.hostId}`,
      { hostId: key.hostId, state: this.ledger.entry.state },
    );
  }
}

/** End one try of a path, but not the hope for it. */
const PASSING_FOR_A_PATH: ReadonlySet<keyof typeof FAILURES> = new Set([
  'HostUnavailable',
  'DeadlineExceeded',
  'Cancelled',
]);

/** Permanent failures wait for a person; whatever else may pass by itself. */
function mayPass(type: keyof typeof FAILURES): boolean {
  return FAILURES[type].class === 'passing' || PASSING_FOR_A_PATH.has(type);
}

/** The original failure first; what was undone, and what could not be, beside it. */
function withUndo(cause: ApplicationFailure, ledger: Ledger): ApplicationFailure {
  const { undo = [] } = ledger.entry;
  const finished = !ledger.holdsSomething;
  const said = finished
    ? undo.length === 0
      ? 'Nothing had been touched.'
      : 'Everything it had done was undone.'
    : 'Its cleanup is not finished and goes on.';
  const { type, message } = summariseFailure(cause);
  const facts = (cause.details?.[0] ?? {}) as Record<string, unknown>;
  return createFailure(type, `${message}. ${said}`, { ...facts, undo, undoFinished: finished });
}
