import { CancellationScope, workflowInfo, type ApplicationFailure } from '@temporalio/workflow';
import { createFailure } from '../contract/failures.js';
import type { AttachmentKey } from '../contract/ids.js';
import type { AttachmentState } from '../contract/states.js';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult, DetachResult } from '../model/attach-result.js';
import type { AttachmentView } from '../model/attachment.js';
import type { DetachRequest } from '../model/detach-request.js';
import type { AbandonRequest, Approval, PlanRequest, VolumeRequest } from '../model/operations.js';
import type { AbandonResult, PlanResult, VerifyResult } from '../model/plan.js';
import type { VolumeDeviceResult } from '../model/steps.js';
import { giveUp, refuseWhileAlive } from './abandon.js';
import { AnswerBook } from './answer-book.js';
import { Attaching, withUndo } from './attaching.js';
import { detachFailure } from './detach.js';
import type {
  CarriedState,
  OperationKind,
  OperationRequests,
  OperationResults,
} from './carried-state.js';
import { Detaching, endedByAbandon, endedByDetach } from './detaching.js';
import { Ledger } from './ledger.js';
import type { HostBooted } from './messages.js';
import { OperationQueue } from './operation-queue.js';
import { attachedVolume, refuseOtherHost } from './refusals.js';
import { failureWithFacts, guarded, stepEnd, summariseFailure } from './step-failure.js';
import { compareWithHost, planOperation } from './verify.js';

/**
 * Decides what an attachment does next: who may, in which order, what ends what. How it is done is in
 * `attaching.ts` and `detaching.ts`.
 */
export class AttachmentEntity {
  readonly answers: AnswerBook;
  private readonly ledger: Ledger;
  private readonly attaching: Attaching;
  private readonly detaching: Detaching;
  private readonly queue = new OperationQueue(
    {
      attach: (request) => this.attachNow(request),
      detach: (request) => this.detachNow(request),
      verify: async (request) =>
        compareWithHost(this.ledger, this.attachedVolume(request, 'verify')),
      repair: async (request) => this.attaching.repair(this.attachedVolume(request, 'repair')),
      recover: (booted) => this.recoverNow(booted),
      abandon: (request) => this.abandonNow(request),
    },
    // Callers who never leave a gap must not keep a long history from being continued.
    () => this.wantsNewRun && this.ledger.holdsSomething,
  );
  private isCleaningUp = false;
  private used = false;
  private abandoned = false;
  /** Cause of the last attach that was undone. */
  private cause: ApplicationFailure | undefined;

  constructor(key: AttachmentKey, carried?: CarriedState) {
    this.ledger = new Ledger(key, carried?.ledger);
    this.answers = new AnswerBook(carried?.answers);
    this.attaching = new Attaching(this.ledger);
    this.detaching = new Detaching(this.ledger);
    this.used = carried !== undefined;
    if (carried !== undefined) this.takeUp(carried);
  }

  /** Whether any message has come. */
  get isUsed(): boolean {
    return this.used;
  }

  get isIdle(): boolean {
    return this.isFree && this.attaching.isIdle;
  }

  /** No operation is under way, and none waits for its turn. */
  get isFree(): boolean {
    return this.queue.waiting.length === 0 && !this.isCleaningUp;
  }

  /** So many wait for their turn that no other is let in. */
  get isFull(): boolean {
    return this.queue.isFull;
  }

  /** The history is so long that another run should go on as soon as possible. */
  private get wantsNewRun(): boolean {
    return workflowInfo().continueAsNewSuggested && !this.abandoned;
  }

  /** Another run should go on, and nothing is under way on the host or can be brought to that. */
  get mayCarryOn(): boolean {
    return this.wantsNewRun && this.isAtRestBut(this.detaching.mayRest);
  }

  /** Another run should go on, and nothing is under way on the host. */
  get isAtRest(): boolean {
    return this.wantsNewRun && this.isAtRestBut(this.detaching.isAtRest);
  }

  /** Stops what may rest; it is at rest then, unless it has gone on meanwhile. */
  async comeToRest(): Promise<void> {
    if (!this.isFree) await this.detaching.comeToRest();
  }

  /** What the run hands to the one that continues it. */
  get carried(): CarriedState {
    const { ledger, answers, queue, cause } = this;
    return {
      ledger: ledger.entry,
      answers: answers.answers,
      waiting: queue.waiting,
      ...(cause === undefined ? {} : { cause: failureWithFacts(cause) }),
    };
  }

  /** Nothing is on the host and nobody waits for an answer. */
  isOver(): boolean {
    return this.isIdle && !this.ledger.holdsSomething;
  }

  get wantsTopUp(): boolean {
    return this.isFree && this.attaching.wantsTopUp;
  }

  startTopUp(): void {
    this.attaching.startTopUp();
  }

  /** What the run fails with, once it is over: the cause of the last attach, and its undo. */
  get failure(): ApplicationFailure | undefined {
    return this.cause === undefined ? undefined : withUndo(this.cause, this.ledger);
  }

  get state(): AttachmentState {
    return this.ledger.entry.state;
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
    return this.operate('attach', request);
  }

  /** Takes the volume off its host. Ends an attach that is under way; that one is undone. */
  async detach(request: DetachRequest): Promise<DetachResult> {
    this.used = true;
    this.refuseOtherHost(request.hostId, 'detach');
    this.attaching.cancel();
    return this.operate('detach', request);
  }

  /** Compares the host with the ledger; changes nothing. */
  async verify(request: VolumeRequest): Promise<VerifyResult> {
    return this.operate('verify', request);
  }

  /** Brings up what is missing. */
  async repair(request: VolumeRequest): Promise<AttachResult> {
    return this.operate('repair', request);
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
    return this.operate('abandon', request);
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
    this.ledger.entry.recovering = true;
    void guarded(() => this.operate('recover', booted))
      .catch((error: unknown) => {
        this.note(detachFailure(error));
      })
      .finally(() => {
        delete this.ledger.entry.recovering;
      });
  }

  /** Takes up what the run before had begun. */
  private takeUp({ waiting = [], cause }: CarriedState): void {
    this.ledger.show();
    if (cause !== undefined) {
      this.cause = createFailure(cause.type, cause.message, cause.facts);
      const cleanUp = (): Promise<void> => this.detaching.cleanUp();
      this.holdForCleanup(CancellationScope.nonCancellable(cleanUp));
    }
    for (const { kind, request, updateId } of waiting) {
      const goOn = (): Promise<unknown> => guarded(() => this.operate(kind, request, updateId));
      this.answers
        .answer(updateId, goOn, kind !== 'verify')
        .catch((error: unknown) => {
          if (updateId === undefined) this.note(detachFailure(error));
        })
        .finally(() => {
          if (kind === 'recover') delete this.ledger.entry.recovering;
        });
    }
  }

  private isAtRestBut(isDetachingAtRest: boolean): boolean {
    if (!this.attaching.isAtRest) return false;
    // The caller of an attach that is being undone gets its answer first.
    if (this.isCleaningUp && this.cause === undefined) return false;
    return isDetachingAtRest || !(this.queue.isRunning || this.isCleaningUp);
  }

  /** Runs an operation in its turn. */
  private async operate<Kind extends OperationKind>(
    kind: Kind,
    request: OperationRequests[Kind],
    updateId?: string,
  ): Promise<OperationResults[Kind]> {
    try {
      return await this.queue.run(kind, request, updateId);
    } catch (error) {
      if (stepEnd(error).kind !== 'cancelled') throw error;
      throw this.abandoned ? endedByAbandon(this.ledger) : endedByDetach(this.ledger, kind);
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

  private async detachNow(request: DetachRequest): Promise<DetachResult> {
    await this.attaching.stopBackground();
    const result = await this.detaching.detach(request);
    if (!result.wasAttached) this.cause = undefined;
    return result;
  }

  /** Unless a detach that came before has taken the volume off. */
  private async recoverNow(booted: HostBooted): Promise<undefined> {
    if (this.ledger.holdsSomething) await this.attaching.recover(booted);
    return undefined;
  }

  private async abandonNow(request: AbandonRequest): Promise<AbandonResult> {
    await this.attaching.stopBackground();
    this.cause = undefined;
    return giveUp(this.ledger, request);
  }

  /** Undoes a failed attach, and answers with its failure, the undo beside it. */
  private async undone(cause: ApplicationFailure): Promise<ApplicationFailure> {
    await this.detaching.undo(cause, (cleanup) => {
      this.holdForCleanup(cleanup);
    });
    this.cause = cause;
    return withUndo(cause, this.ledger);
  }

  private holdForCleanup(cleanup: Promise<void>): void {
    this.isCleaningUp = true;
    this.queue.hold(
      cleanup.finally(() => {
        this.isCleaningUp = false;
      }),
    );
  }

  private attachedVolume({ hostId }: VolumeRequest, operation: string): VolumeDeviceResult {
    this.refuseOtherHost(hostId, operation);
    return attachedVolume(this.ledger, operation);
  }

  private refuseOtherHost(hostId: string, operation: string): void {
    const isLeaving = this.attaching.bringUp !== undefined;
    refuseOtherHost(this.ledger, { hostId, operation, isLeaving });
  }

  /** Shows a failure nobody waits for. */
  private note(failure: ApplicationFailure): void {
    this.ledger.entry.lastFailure = summariseFailure(failure);
    this.ledger.setState(this.ledger.entry.state);
  }
}
