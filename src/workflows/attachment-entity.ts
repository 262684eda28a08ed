import type { ApplicationFailure } from '@temporalio/workflow';
import { createFailure } from '../contract/failures.js';
import type { AttachmentKey } from '../contract/ids.js';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult, DetachResult } from '../model/attach-result.js';
import type { AttachmentView } from '../model/attachment.js';
import type { DetachRequest } from '../model/detach-request.js';
import type { AbandonRequest, Approval, PlanRequest, VolumeRequest } from '../model/operations.js';
import type { AbandonResult, PlanResult, VerifyResult } from '../model/plan.js';
import type { VolumeDeviceResult } from '../model/steps.js';
import { giveUp, refuseWhileAlive } from './abandon.js';
import { Attaching, withUndo } from './attaching.js';
import { detachFailure } from './detach.js';
import { Detaching, endedByAbandon } from './detaching.js';
import { Ledger, type LedgerEntry } from './ledger.js';
import type { HostBooted } from './messages.js';
import { OperationQueue } from './operation-queue.js';
import { guarded, stepEnd, summariseFailure } from './step-failure.js';
import { compareWithHost, planOperation } from './verify.js';

/**
 * Decides what an attachment does next: who may, in which order, what ends what. How it is done is in
 * `attaching.ts` and `detaching.ts`.
 */
export class AttachmentEntity {
  readonly ledger: Ledger;
  private readonly attaching: Attaching;
  private readonly detaching: Detaching;
  private readonly queue = new OperationQueue();
  private pending = 0;
  private used = false;
  private abandoned = false;
  /** Cause of the last attach that was undone. */
  private cause: ApplicationFailure | undefined;

  constructor(key: AttachmentKey, carried?: LedgerEntry) {
    this.ledger = new Ledger(key, carried);
    this.attaching = new Attaching(this.ledger);
    this.detaching = new Detaching(this.ledger);
    this.used = carried !== undefined;
  }

  /** Whether any message has come. */
  get isUsed(): boolean {
    return this.used;
  }

  get isIdle(): boolean {
    return this.pending === 0 && this.attaching.isIdle;
  }

  /** Nothing is on the host and nobody waits for an answer. */
  isOver(): boolean {
    return this.isIdle && !this.ledger.holdsSomething;
  }

  get wantsTopUp(): boolean {
    return this.pending === 0 && this.attaching.wantsTopUp;
  }

  startTopUp(): void {
    this.attaching.startTopUp();
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
    this.attaching.cancel();
    return this.operate(async () => {
      await this.attaching.stopBackground();
      const result = await this.detaching.detach(request);
      if (!result.wasAttached) this.cause = undefined;
      return result;
    });
  }

  /** Compares the host with the ledger; changes nothing. */
  async verify(request: VolumeRequest): Promise<VerifyResult> {
    return this.operate(() => compareWithHost(this.ledger, this.attachedVolume(request, 'verify')));
  }

  /** Brings up what is missing. */
  async repair(request: VolumeRequest): Promise<AttachResult> {
    return this.operate(() => this.attaching.repair(this.attachedVolume(request, 'repair')));
  }

  /** What an operation would do now; changes nothing, and waits for nobody. */
  async plan(request: PlanRequest): Promise<PlanResult> {
    this.refuseOtherHost(request.hostId, request.operation);
    return planOperation(this.ledger, this.ledger.entry.volume, request);
  }

  /** A person's decision on the step the attachment waits with. */
  approve(approval: Approval): string {
    this.refuseOtherHost(approval.hostId, 'approve');
    return this.detaching.desk.decide(approval);
  }

  /** A person's statement that the host is gone for good: gives the volume free. */
  async abandon(request: AbandonRequest): Promise<AbandonResult> {
    this.refuseOtherHost(request.hostId, 'abandon');
    if (!this.ledger.holdsSomething) {
      const { volumeId, hostId } = request;
      throw createFailure(
        'InvalidRequest',
        `Nothing of ${volumeId} is on ${hostId}: there is nothing to abandon`,
      );
    }
    await refuseWhileAlive(this.ledger, request);
    this.abandoned = true;
    this.attaching.cancel();
    this.detaching.cancel();
    return this.operate(async () => {
      await this.attaching.stopBackground();
      this.cause = undefined;
      return giveUp(this.ledger, request);
    });
  }

  /** A cancelled workflow takes its volume off the host, by the same steps as a detach. */
  onWorkflowCancelled(): void {
    const { volumeId, hostId } = this.ledger.key;
    void guarded(() => this.detach({ volumeId, hostId, mode: 'normal' })).catch(
      (error: unknown) => {
        this.note(detachFailure(error));
      },
    );
  }

  /** What is wanted on a host that was booted is brought up again; what is leaving it goes on. */
  onHostBooted(booted: HostBooted): void {
    const { volume } = this.ledger.entry;
    if (volume === undefined || volume.bootId === booted.bootId) return;
    const recover = async (): Promise<void> => {
      // In its turn: a detach that came before has taken the volume off.
      if (this.ledger.holdsSomething) await this.attaching.recover(booted);
    };
    void guarded(() => this.operate(recover)).catch((error: unknown) => {
      this.note(detachFailure(error));
    });
  }

  /** Runs an operation in its turn. */
  private async operate<Result>(operation: () => Promise<Result>): Promise<Result> {
    this.pending += 1;
    try {
      return await this.queue.run(operation);
    } catch (error) {
      throw this.abandoned && stepEnd(error).kind === 'cancelled'
        ? endedByAbandon(this.ledger)
        : error;
    } finally {
      this.pending -= 1;
    }
  }

  private async attachNow(request: AttachRequest): Promise<AttachResult> {
    const { ledger, attaching } = this;
    if (this.abandoned) throw endedByAbandon(ledger);
    this.refuseOtherHost(request.hostId, 'attach');
    if (!ledger.holdsSomething) {
      this.cause = undefined;
      return attaching.afresh(request, (cause) => this.undone(cause));
    }
    if (!ledger.isForSameConnection(request)) {
      throw createFailure(
        'ConnectionConflict',
        `${request.volumeId} is attached to ${request.hostId} by another connection`,
        { hostId: request.hostId, state: ledger.entry.state },
      );
    }
    return attaching.again(request, ledger.entry.volume);
  }

  /** Undoes a failed attach, and answers with its failure, the undo beside it. */
  private async undone(cause: ApplicationFailure): Promise<ApplicationFailure> {
    await this.detaching.undo(cause, (cleanup) => {
      this.pending += 1;
      this.queue.hold(
        cleanup.finally(() => {
          this.pending -= 1;
        }),
      );
    });
    this.cause = cause;
    return withUndo(cause, this.ledger);
  }

  private attachedVolume(
    { volumeId, hostId }: VolumeRequest,
    operation: string,
  ): VolumeDeviceResult {
    this.refuseOtherHost(hostId, operation);
    const { volume } = this.ledger.entry;
    if (volume !== undefined && this.ledger.holdsSomething) return volume;
    throw createFailure(
      'InvalidRequest',
      `${volumeId} is not attached to ${hostId}: there is nothing to ${operation}`,
      { state: this.ledger.entry.state },
    );
  }

  private refuseOtherHost(hostId: string, operation: string): void {
    const { key } = this.ledger;
    if (hostId === key.hostId) return;
    if (!this.ledger.holdsSomething && this.attaching.bringUp !== undefined) {
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

  /** Shows a failure nobody waits for. */
  private note(failure: ApplicationFailure): void {
    this.ledger.entry.lastFailure = summariseFailure(failure);
    this.ledger.setState(this.ledger.entry.state);
  }
}
