import {
  CancellationScope,
  condition,
  patched,
  type ApplicationFailure,
} from '@temporalio/workflow';
import { createFailure, type FailureSummary } from '../contract/failures.js';
import { describePath } from '../contract/path-key.js';
import { FIXED_BOUNDS, pathGraceMs } from '../contract/policy.js';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult } from '../model/attach-result.js';
import type { PathDeviceResult, VolumeDeviceResult } from '../model/steps.js';
import { requireOneVolume, strangerFailure, tooFewPaths } from './attach-outcome.js';
import { AttachStepRunner } from './attach-step.js';
import { refuseOtherAccess } from './fence.js';
import type { Ledger, PathEntry } from './ledger.js';
import { STRANGERS_LEAVE } from './patches.js';
import { stepEnd, summariseFailure } from './step-failure.js';
import { undoPath } from './undo.js';

/**
 * Brings the paths of one volume up, and the device over them. Used by an attach, by its stragglers
 * and by the top-up of missing paths. Everything it may have done is in the ledger before it is done.
 */
export class BringUp {
  private readonly ledger: Ledger;
  private readonly request: AttachRequest;
  private paths: readonly PathEntry[];
  private readonly scope = new CancellationScope({ cancellable: true });
  private readonly startedAt = Date.now();
  private readonly steps: AttachStepRunner;
  private settled = 0;
  private firstPathAfterMs: number | undefined;
  private allSettled: Promise<unknown> = Promise.resolve();

  /**
   * @param paths - the paths to bring up: all of an attach (none when they are to be discovered), the
   * missing ones of a top-up
   */
  constructor(ledger: Ledger, request: AttachRequest, paths: readonly PathEntry[]) {
    this.ledger = ledger;
    this.request = request;
    this.paths = paths;
    this.steps = new AttachStepRunner(ledger, this.startedAt + ledger.policy.deadlineMs);
  }

  /** Ends everything under way; what was done stays for the undo. */
  cancel(): void {
    this.scope.cancel();
  }

  /** Whether some path is still on its way after `run` has answered. */
  get hasStragglers(): boolean {
    return this.settled < this.paths.length;
  }

  /** Ends when the last path has come or failed. Never rejects. */
  async stragglers(): Promise<void> {
    await this.allSettled;
  }

  /**
   * One good path is enough; the others get a grace that depends on how fast the good one came.
   *
   * @throws ApplicationFailure of the catalogue, or a cancellation
   */
  run(): Promise<AttachResult> {
    return this.scope.run(async () => {
      const { policy } = this.ledger;
      let conflict: ApplicationFailure | undefined;
      const fence = refuseOtherAccess(this.ledger.key).catch((error: unknown) => {
        const end = stepEnd(error);
        // Unknown is not "nobody": without this look the volume is not handed out.
        conflict =
          end.kind === 'failed'
            ? end.failure
            : createFailure('Busy', `The look for other attachments ended as ${end.kind}`);
      });
      await this.prepare();
      this.start();
      const wanted = Math.min(policy.minPaths, this.paths.length);
      await condition(
        () => conflict !== undefined || this.present >= wanted || !this.hasStragglers,
      );
      if (this.hasStragglers && conflict === undefined) {
        const graceMs = pathGraceMs(policy, this.firstPathAfterMs ?? 0);
        await condition(() => !this.hasStragglers, graceMs);
      }
      await fence;
      if (conflict !== undefined) throw conflict;
      const strangers = this.ledger.entry.paths.some(
        ({ failure }) => failure?.type === 'WrongVolume',
      );
      if (strangers || this.present < policy.minPaths) throw await tooFewPaths(this.ledger);
      requireOneVolume(this.ledger, this.request.expect.wwid);
      return this.ledger.result(await this.formDevice());
    });
  }

  /** Finds out what must be known before anything is touched; nothing, for most requests. */
  private async prepare(): Promise<void> {
    const { ledger, request } = this;
    const { iface } = request.connection;
    const needsMultipath = request.multipath === 'required';
    if (needsMultipath || iface !== 'default') {
      const times = {
        summary: 'check what the request needs',
        takesMs: FIXED_BOUNDS.toolTimeoutMs,
      };
      await this.steps.runBeforePaths(times, (steps) =>
        steps.checkHost({ ...ledger.stepBase, iface, needsMultipath }),
      );
    }
    await this.discover();
  }

  /** Finds out where the target can be reached, when the request leaves that to a discovery. */
  private async discover(): Promise<void> {
    const { ledger, request } = this;
    const { discovery, discoveryChap, discoveryMutualChap, iface } = request.connection;
    if (discovery === undefined || this.paths.length > 0) return;
    const { portal, iqn, lun } = discovery;
    const { loginTimeoutMs } = ledger.policy;
    const takesMs = loginTimeoutMs + FIXED_BOUNDS.iscsiadmTimeoutMs;
    const summary = `discover ${iqn} at ${portal}`;
    const found = await this.steps.runBeforePaths({ summary, takesMs }, (steps) =>
      steps.discoverPaths({
        ...ledger.stepBase,
        portal,
        iqn,
        iface,
        ...(discoveryChap === undefined ? {} : { chap: discoveryChap }),
        ...(discoveryMutualChap === undefined ? {} : { mutualChap: discoveryMutualChap }),
        portalWaitMs: loginTimeoutMs,
      }),
    );
    ledger.setPaths(found.portals.map((each) => ({ portal: each, iqn, lun })));
    this.paths = ledger.entry.paths;
  }

  /** Brings the paths up and nothing else; the outcome is in the ledger. Never rejects. */
  async runPathsOnly(): Promise<void> {
    await this.scope
      .run(async () => {
        this.start();
        await this.allSettled;
      })
      .catch(() => undefined);
  }

  /**
   * Takes paths that came late into the device.
   *
   * @throws ApplicationFailure of the catalogue when no path is left, or a cancellation
   */
  async refreshDevice(): Promise<VolumeDeviceResult> {
    // It rejects: what was called off says so, and not that it lacks the paths it gave up.
    if (this.isCancelled()) await this.scope.cancelRequested;
    if (this.present === 0) throw await tooFewPaths(this.ledger);
    return this.scope.run(() => this.formDevice());
  }

  /** Makes or refreshes the device over the paths that are present, and records it. */
  private async formDevice(): Promise<VolumeDeviceResult> {
    const { ledger, request } = this;
    const [first] = ledger.presentPaths;
    if (first === undefined) throw createFailure('InternalFault', 'No path to form a device over');
    const devices = ledger.presentPaths.flatMap(({ device: { hctl, wwid, twins = [] } }) =>
      [hctl, ...twins].map((each) => ({ hctl: each, wwid })),
    );
    const { mapWaitMs } = ledger.policy;
    const times = { summary: `form the device over ${devices.length} paths`, takesMs: mapWaitMs };
    const volume = await this.steps.run(times, (steps) =>
      steps.ensureMap({
        ...ledger.stepBase,
        wwid: first.device.wwid,
        devices,
        // A map that was handed out stays one: its link is the name under which it is in use.
        multipath: ledger.entry.volume?.kind === 'multipath' ? 'required' : request.multipath,
        targets: [...new Set(ledger.entry.paths.map(({ host }) => host.iqn))],
        ...(request.expect.sizeBytes === undefined
          ? {}
          : { expectSizeBytes: request.expect.sizeBytes }),
        waitMs: mapWaitMs,
      }),
    );
    ledger.entry.volume = volume;
    await this.turnAwayStrangers();
    // A path that was found before a reboot in between is not there any more.
    for (const path of ledger.entry.paths) {
      if (path.device !== undefined && path.device.bootId !== volume.bootId) delete path.device;
    }
    ledger.setState(this.isComplete() ? 'attached' : 'degraded');
    return volume;
  }

  /** Paths that came, while the device was formed, with another volume. */
  private async turnAwayStrangers(): Promise<void> {
    const { ledger } = this;
    for (const path of ledger.entry.paths) {
      if (path.device === undefined || !this.isStranger(path.device)) continue;
      path.failure = summariseFailure(strangerFailure(path, path.device, ledger.entry.volume));
      delete path.device;
      await CancellationScope.withTimeout(FIXED_BOUNDS.pathUndoMs, () => undoPath(ledger, path));
    }
  }

  private isStranger({ wwid }: PathDeviceResult): boolean {
    const { volume } = this.ledger.entry;
    return volume !== undefined && wwid !== volume.wwid && patched(STRANGERS_LEAVE);
  }

  private get present(): number {
    return this.ledger.presentPaths.length;
  }

  /** With multipath off one path is the whole of it. */
  private isComplete(): boolean {
    const { multipath } = this.request;
    return multipath === 'off' || this.present === this.ledger.entry.paths.length;
  }

  private start(): void {
    this.allSettled =
      this.request.multipath === 'off'
        ? this.bringUpFirstGoodPath()
        : Promise.all(this.paths.map((path) => this.bringUpPath(path)));
  }

  private isCancelled(): boolean {
    return this.scope.consideredCancelled;
  }

  /** Path by path; an unfruitful one is undone at once, or it would make an accidental multipath. */
  private async bringUpFirstGoodPath(): Promise<void> {
    for (const path of this.paths) {
      if (this.present > 0 || this.isCancelled()) {
        this.settled += 1;
        continue;
      }
      // Counted only when its leftovers are gone, so that nobody judges the attach before.
      this.settled -= 1;
      await this.bringUpPath(path);
      if (path.device === undefined && path.touched && !this.isCancelled()) {
        await CancellationScope.withTimeout(FIXED_BOUNDS.pathUndoMs, () =>
          undoPath(this.ledger, path),
        );
      }
      this.settled += 1;
      // What could not be undone is left to the undo of the whole; a second path would join it.
      if (path.device === undefined && path.touched) {
        this.settled = this.paths.length;
        return;
      }
    }
  }

  /** Never rejects: how it ended is in the path's entry. */
  private async bringUpPath(path: PathEntry): Promise<void> {
    const { ledger, request } = this;
    const { loginTimeoutMs, deviceWaitMs } = ledger.policy;
    const { chap, mutualChap } = request.connection;
    try {
      const login = { summary: `log in to ${path.host.portal}`, takesMs: 3 * loginTimeoutMs };
      path.session = await this.steps.run(
        login,
        (steps) =>
          steps.ensureSession({
            ...ledger.stepBase,
            path: path.host,
            ...(chap === undefined ? {} : { chap }),
            ...(mutualChap === undefined ? {} : { mutualChap }),
            loginTimeoutMs,
          }),
        path,
      );
      ledger.entry.machineId ??= path.session.machineId;
      // Once the volume is handed out, a late path must be the same volume.
      const expectWwid = request.expect.wwid ?? ledger.entry.volume?.wwid;
      const find = { summary: `find ${describePath(path.host)}`, takesMs: deviceWaitMs };
      const device = await this.steps.run(find, (steps) =>
        steps.findPathDevice({
          ...ledger.stepBase,
          path: path.host,
          ...(expectWwid === undefined ? {} : { expectWwid }),
          // Without a map a second device would be an accidental multipath.
          ...(request.multipath === 'off' ? {} : { everySession: true }),
          waitMs: deviceWaitMs,
        }),
      );
      // It may have been handed out meanwhile.
      if (this.isStranger(device)) throw strangerFailure(path, device, ledger.entry.volume);
      path.device = device;
      delete path.failure;
      this.firstPathAfterMs ??= Date.now() - this.startedAt;
    } catch (error) {
      path.failure = this.failureOf(error, path);
      // In use already: only this path goes. Before that the whole attach fails and is undone.
      if (path.failure.type === 'WrongVolume' && ledger.entry.volume !== undefined) {
        await CancellationScope.nonCancellable(() => undoPath(ledger, path));
      }
    } finally {
      this.settled += 1;
    }
  }

  private failureOf(error: unknown, path: PathEntry): FailureSummary {
    const end = stepEnd(error);
    if (end.kind === 'failed') return summariseFailure(end.failure);
    return { type: 'Cancelled', message: `${describePath(path.host)} was cancelled` };
  }
}
