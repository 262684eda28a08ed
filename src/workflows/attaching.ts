import { condition, type ApplicationFailure } from '@temporalio/workflow';
import { createFailure, FAILURES } from '../contract/failures.js';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult } from '../model/attach-result.js';
import type { VolumeDeviceResult } from '../model/steps.js';
import { BringUp } from './attach.js';
import { Background } from './background.js';
import type { Ledger, PathEntry } from './ledger.js';
import type { HostBooted } from './messages.js';
import { stepEnd, summariseFailure } from './step-failure.js';
import { forgetVanishedPaths, stillHolds } from './verify.js';

/** Everything that brings a volume up: an attach, its stragglers, the top-up, repair, recovery. */
export class Attaching {
  /** Whether an attach, or what is left of one, may still be under way. */
  bringUp: BringUp | undefined;
  private readonly ledger: Ledger;
  private readonly background = new Background();
  /** The missing paths wait for their next try. */
  private isPausing = false;
  /** The operation in its turn is to end soon, also when it has not begun anything on the host. */
  private isCalledOff = false;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  get isIdle(): boolean {
    return this.background.isIdle;
  }

  /** Nothing of it is under way on the host. */
  get isAtRest(): boolean {
    return this.isIdle || this.isPausing;
  }

  /**
   * Missing paths whose failure may pass are tried again while the volume is in use; so is a device
   * that was not formed over the paths that are there.
   */
  get wantsTopUp(): boolean {
    const { state, dormant } = this.ledger.entry;
    const isDue = this.passing.length > 0 || this.lacksDevice;
    return this.isIdle && state === 'degraded' && dormant !== true && isDue;
  }

  /** Ends what is on its way; what was done stays for the undo. */
  cancel(): void {
    this.isCalledOff = true;
    this.bringUp?.cancel();
  }

  /** Work without a caller makes way for what changes the host. */
  async stopBackground(): Promise<void> {
    await this.background.stop();
  }

  /**
   * Brings up a volume that is not on the host.
   *
   * @param undo - takes everything back and answers with the failure for the caller
   */
  async afresh(
    request: AttachRequest,
    undo: (cause: ApplicationFailure) => Promise<ApplicationFailure>,
  ): Promise<AttachResult> {
    const { ledger } = this;
    this.isCalledOff = false;
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
      throw await undo(cause);
    }
  }

  /**
   * Answers with what is attached, after a cheap check that it still holds; if it does not, after a
   * reboot for example, the same steps mend it.
   */
  async again(
    request: AttachRequest,
    volume: VolumeDeviceResult | undefined,
  ): Promise<AttachResult> {
    const { ledger } = this;
    this.isCalledOff = false;
    if (volume !== undefined && (await stillHolds(ledger, volume))) return ledger.result(volume);
    await this.stopBackground();
    return this.mend(request);
  }

  /** Brings up what is missing now, whatever it was missing for, and the device over it. */
  async repair(volume: VolumeDeviceResult): Promise<AttachResult> {
    const { ledger } = this;
    const request = this.requestOf('repair');
    this.isCalledOff = false;
    await this.stopBackground();
    if (!(await stillHolds(ledger, volume))) return this.mend(request);
    await forgetVanishedPaths(ledger, volume);
    const missing = ledger.entry.paths.filter(({ device }) => device === undefined);
    const bringUp = new BringUp(ledger, request, missing);
    this.take(bringUp);
    await bringUp.runPathsOnly();
    return ledger.result(await bringUp.refreshDevice());
  }

  /** A new boot has begun: nothing of the old one is left, and the volume is wanted. */
  async recover({ bootId, machineId }: HostBooted): Promise<void> {
    const { ledger } = this;
    const { volume, request } = ledger.entry;
    this.isCalledOff = false;
    if (volume === undefined || volume.bootId === bootId) return;
    await this.stopBackground();
    // What the ledger knows of devices is void; the volume's identity and its link stay.
    for (const path of ledger.entry.paths) delete path.device;
    ledger.entry.volume = { ...volume, carriers: [] };
    if (ledger.entry.machineId !== undefined && ledger.entry.machineId !== machineId) {
      ledger.entry.dormant = true;
      ledger.setState('degraded');
      throw createFailure(
        'HostReplaced',
        `${ledger.key.hostId} is another system now; the volume was attached to the one before`,
        { expected: ledger.entry.machineId, seen: machineId },
      );
    }
    if (request?.onBoot === 'none') {
      ledger.entry.dormant = true;
      ledger.setState('degraded');
      return;
    }
    await this.mend(this.requestOf('recovery'));
  }

  /** Tries the missing paths again after a pause that grows. */
  startTopUp(): void {
    const restMs = this.topUpRestMs();
    let cancelled = false;
    const run = async (): Promise<void> => {
      this.isPausing = true;
      await condition(() => cancelled, restMs).catch(() => undefined);
      this.isPausing = false;
      delete this.ledger.entry.topUp?.dueAt;
      if (cancelled) return;
      const bringUp = new BringUp(this.ledger, this.requestOf('top-up'), this.passing);
      this.bringUp = bringUp;
      await bringUp.runPathsOnly();
      await this.takeIn(bringUp);
    };
    this.runInBackground(run(), () => {
      cancelled = true;
      this.bringUp?.cancel();
    });
  }

  /** What is left of the pause: all of it, or less when a former run has begun it. */
  private topUpRestMs(): number {
    const { policy, entry } = this.ledger;
    const before = entry.topUp;
    if (before?.dueAt !== undefined) return Math.max(1, before.dueAt - Date.now());
    const pauseMs =
      before === undefined
        ? policy.retryPathsMinMs
        : Math.min(2 * before.pauseMs, policy.retryPathsMaxMs);
    entry.topUp = { pauseMs, dueAt: Date.now() + pauseMs };
    return pauseMs;
  }

  private async mend(request: AttachRequest): Promise<AttachResult> {
    const { ledger } = this;
    const { volume } = ledger.entry;
    delete ledger.entry.dormant;
    for (const path of ledger.entry.paths) delete path.device;
    if (volume !== undefined) ledger.entry.volume = { ...volume, carriers: [] };
    const bringUp = new BringUp(ledger, request, ledger.entry.paths);
    try {
      return await this.follow(bringUp);
    } catch (error) {
      // What is still on its way must not meet the next try, or a detach.
      bringUp.cancel();
      await bringUp.stragglers();
      const end = stepEnd(error);
      if (end.kind === 'failed') ledger.entry.lastFailure = summariseFailure(end.failure);
      ledger.setState('degraded');
      throw error;
    }
  }

  /** From here on a {@link cancel} reaches it; one that came before it did is not lost. */
  private take(bringUp: BringUp): void {
    this.bringUp = bringUp;
    if (this.isCalledOff) bringUp.cancel();
  }

  /** Runs the attach; what is still on its way at its answer goes on in the background. */
  private async follow(bringUp: BringUp): Promise<AttachResult> {
    this.take(bringUp);
    delete this.ledger.entry.topUp;
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
    if (this.ledger.presentPaths.length <= carried && !this.lacksDevice) return;
    await bringUp.refreshDevice();
    delete this.ledger.entry.topUp;
  }

  private runInBackground(work: Promise<void>, cancel: () => void): void {
    this.background.run(work, cancel, (error) => {
      const end = stepEnd(error);
      if (end.kind === 'failed') this.ledger.entry.lastFailure = summariseFailure(end.failure);
    });
  }

  private requestOf(operation: string): AttachRequest {
    const { request } = this.ledger.entry;
    if (request === undefined) throw createFailure('InternalFault', `No request for ${operation}`);
    return request;
  }

  /** The paths are there and the device is not: what was to form it was ended, by a detach say. */
  private get lacksDevice(): boolean {
    const { state, volume, paths } = this.ledger.entry;
    const present = this.ledger.presentPaths.length;
    const isWhole = state === 'degraded' && present === paths.length;
    return present > 0 && (isWhole || volume?.carriers.length === 0);
  }

  private get passing(): PathEntry[] {
    return this.ledger.entry.paths.filter(
      ({ device, failure }) =>
        device === undefined && (failure === undefined || mayPass(failure.type)),
    );
  }
}

/** End one try of a path, but not the hope for it. */
const PASSING_FOR_A_PATH: ReadonlySet<keyof typeof FAILURES> = new Set([
  // A service that was down, a disk that was full: nobody thinks of a repair when it is mended.
  'HostNotReady',
  'HostUnavailable',
  'DeadlineExceeded',
  'Cancelled',
]);

/** Permanent failures wait for a person; whatever else may pass by itself. */
function mayPass(type: keyof typeof FAILURES): boolean {
  return FAILURES[type].class === 'passing' || PASSING_FOR_A_PATH.has(type);
}

/** The original failure first; what was undone, and what could not be, beside it. */
export function withUndo(cause: ApplicationFailure, ledger: Ledger): ApplicationFailure {
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
