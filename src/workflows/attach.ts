import { CancellationScope, condition, type ApplicationFailure } from '@temporalio/workflow';
import { createFailure, FAILURES, type FailureSummary } from '../contract/failures.js';
import { describePath } from '../contract/path-key.js';
import { FIXED_BOUNDS, pathGraceMs } from '../contract/policy.js';
import { sameWwid } from '../contract/wwid.js';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult } from '../model/attach-result.js';
import type { HostSteps, VolumeDeviceResult } from '../model/steps.js';
import { attachSteps, controlSteps, type StepTimes } from './activity-proxies.js';
import type { Ledger, PathEntry } from './ledger.js';
import { stepEnd, summariseFailure } from './step-failure.js';
import { undoPath } from './undo.js';

/** A step whose answer was lost is sent again at most this often; the deadline ends it anyway. */
const LOST_ANSWERS_MAX = 20;

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
  private readonly deadlineAt: number;
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
    this.deadlineAt = this.startedAt + ledger.policy.deadlineMs;
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
      const fence = this.checkFence().catch((error: unknown) => {
        const end = stepEnd(error);
        // Unknown is not "nobody": without this look the volume is not handed out.
        conflict =
          end.kind === 'failed'
            ? end.failure
            : createFailure('Busy', `The look for other attachments ended as ${end.kind}`);
      });
      await this.discover();
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
      if (strangers || this.present < policy.minPaths) throw await this.tooFewPaths();
      this.checkIdentity();
      return this.ledger.result(await this.formDevice());
    });
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
    const found = await this.step({ summary, takesMs }, (steps) =>
      steps.discoverPaths({
        ...ledger.stepBase,
        portal,
        iqn,
        iface,
        ...(discoveryChap === undefined ? {} : { chap: discoveryChap }),
        ...(discoveryMutualChap === undefined ? {} : { mutualChap: discoveryMutualChap }),
        portalWaitMs: loginTimeoutMs,
      }),
    ).catch(async (error: unknown) => {
      throw await this.withHostPresence(error);
    });
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

  /** Takes paths that came late into the device. */
  async refreshDevice(): Promise<void> {
    await this.scope.run(() => this.formDevice());
  }

  /** Makes or refreshes the device over the paths that are present, and records it. */
  private async formDevice(): Promise<VolumeDeviceResult> {
    const { ledger, request } = this;
    const [first] = ledger.presentPaths;
    if (first === undefined) throw createFailure('InternalFault', 'No path to form a device over');
    const devices = ledger.presentPaths.map(({ device: { hctl, wwid } }) => ({ hctl, wwid }));
    const { mapWaitMs } = ledger.policy;
    const times = { summary: `form the device over ${devices.length} paths`, takesMs: mapWaitMs };
    const volume = await this.step(times, (steps) =>
      steps.ensureMap({
        ...ledger.stepBase,
        wwid: first.device.wwid,
        devices,
        multipath: request.multipath,
        ...(request.expect.sizeBytes === undefined
          ? {}
          : { expectSizeBytes: request.expect.sizeBytes }),
        waitMs: mapWaitMs,
      }),
    );
    ledger.entry.volume = volume;
    ledger.setState(this.isComplete() ? 'attached' : 'degraded');
    return volume;
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
        await undoPath(this.ledger, path);
      }
      this.settled += 1;
    }
  }

  /** Never rejects: how it ended is in the path's entry. */
  private async bringUpPath(path: PathEntry): Promise<void> {
    const { ledger, request } = this;
    const { loginTimeoutMs, deviceWaitMs } = ledger.policy;
    const { chap, mutualChap } = request.connection;
    try {
      const login = { summary: `log in to ${path.host.portal}`, takesMs: 3 * loginTimeoutMs };
      path.session = await this.step(
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
      path.device = await this.step(find, (steps) =>
        steps.findPathDevice({
          ...ledger.stepBase,
          path: path.host,
          ...(expectWwid === undefined ? {} : { expectWwid }),
          waitMs: deviceWaitMs,
        }),
      );
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

  /**
   * Runs one step of the attach; sends it again when its answer was lost and time is left.
   *
   * @param path - marked as touched unless the step provably never ran
   */
  private async step<Result>(
    times: StepTimes,
    call: (steps: HostSteps) => Promise<Result>,
    path?: PathEntry,
  ): Promise<Result> {
    const { hostId } = this.ledger.key;
    const { hostWaitMs } = this.ledger.policy;
    const wasTouched = path?.touched ?? false;
    for (let lost = 0; ; lost += 1) {
      const remainingMs = this.deadlineAt - Date.now();
      if (remainingMs <= 0 || lost > LOST_ANSWERS_MAX) throw this.deadlineExceeded(times.summary);
      if (path !== undefined) path.touched = true;
      try {
        return await call(attachSteps(hostId, { ...times, hostWaitMs, remainingMs }));
      } catch (error) {
        const end = stepEnd(error);
        switch (end.kind) {
          case 'lost':
            continue;
          case 'not-taken':
            if (path !== undefined && lost === 0) path.touched = wasTouched;
            throw createFailure(
              'HostUnavailable',
              `The worker of host ${hostId} did not take "${times.summary}" within ${hostWaitMs} ms`,
              { hostId, waitedMs: hostWaitMs },
            );
          case 'out-of-time':
            throw this.deadlineExceeded(times.summary);
          case 'failed':
            throw end.failure;
          case 'cancelled':
            throw error;
        }
      }
    }
  }

  private deadlineExceeded(step: string): ApplicationFailure {
    const { deadlineMs } = this.ledger.policy;
    const message = `The attach was not done within ${deadlineMs} ms; under way: ${step}`;
    return createFailure('DeadlineExceeded', message, { deadlineMs, step });
  }

  private failureOf(error: unknown, path: PathEntry): FailureSummary {
    const end = stepEnd(error);
    if (end.kind === 'failed') return summariseFailure(end.failure);
    return { type: 'Cancelled', message: `${describePath(path.host)} was cancelled` };
  }

  /**
   * Refuses the volume when it is attached in the other access mode. Runs beside the logins, which
   * do not touch the volume, and is awaited before the device is formed.
   */
  private async checkFence(): Promise<void> {
    const { key } = this.ledger;
    const steps = controlSteps(`look for ${key.volumeId} in the other access mode`);
    const [other] = await steps.findConflicts({ ...key });
    if (other === undefined) return;
    throw createFailure(
      'AttachedElsewhere',
      `Refused to attach ${key.volumeId} for ${key.access} access: ${other.workflowId} is open`,
      {
        workflowId: other.workflowId,
        ...(other.hostId === undefined ? {} : { hostId: other.hostId }),
      },
    );
  }

  /** All paths must lead to one volume. A mixed map would destroy data. */
  private checkIdentity(): void {
    const [first, ...others] = this.ledger.presentPaths;
    const stranger = others.find(({ device }) => device.wwid !== first?.device.wwid);
    const expected = this.request.expect.wwid;
    if (first !== undefined && expected !== undefined && !sameWwid(first.device.wwid, expected)) {
      throw createFailure(
        'WrongVolume',
        `${describePath(first.host)} is ${first.device.wwid}, expected ${expected}`,
        { seen: first.device.wwid, expected, portal: first.host.portal, lun: first.host.lun },
      );
    }
    if (first !== undefined && stranger !== undefined) {
      throw createFailure(
        'WrongVolume',
        `The paths lead to different volumes: ${describePath(first.host)} is ` +
          `${first.device.wwid}, ${describePath(stranger.host)} is ${stranger.device.wwid}`,
        { seen: [first.device.wwid, stranger.device.wwid] },
      );
    }
  }

  /** The failure of an attach without enough paths: the most telling one of its paths. */
  private async tooFewPaths(): Promise<ApplicationFailure> {
    const { minPaths } = this.ledger.policy;
    const failed = this.ledger.entry.paths.flatMap(({ host, failure }) =>
      failure === undefined ? [] : [{ portal: host.portal, lun: host.lun, ...failure }],
    );
    const telling =
      failed.find(({ type }) => type === 'WrongVolume') ??
      failed.find(({ type }) => FAILURES[type].class === 'permanent') ??
      failed[0];
    const type = telling?.type ?? 'InternalFault';
    const presence = type === 'HostUnavailable' ? await this.describeHost() : '';
    const said = failed.map(({ portal, message }) => `${portal}: ${message}`).join('; ');
    return createFailure(
      type,
      `${this.present} of ${this.ledger.entry.paths.length} paths came up, ` +
        `${minPaths} needed. ${presence}${said}`.slice(0, 1_500),
      { present: this.present, minPaths, paths: failed.slice(0, 8) },
    );
  }

  /** A host that does not answer is away or busy: the caller hears which. */
  private async withHostPresence(error: unknown): Promise<unknown> {
    const end = stepEnd(error);
    if (end.kind !== 'failed' || end.failure.type !== 'HostUnavailable') return error;
    const { message, details } = end.failure;
    const facts = (details?.[0] ?? {}) as Record<string, unknown>;
    return createFailure('HostUnavailable', `${await this.describeHost()}${message}`, facts);
  }

  private async describeHost(): Promise<string> {
    const { hostId } = this.ledger.key;
    try {
      const { polling, lastSeen } = await controlSteps(
        `look for the worker of ${hostId}`,
      ).describeHost({ hostId });
      if (polling) return `Host ${hostId} has a worker, but it is busy. `;
      return lastSeen === undefined
        ? `No worker of host ${hostId} was seen in the last minutes. `
        : `The worker of host ${hostId} was last seen at ${lastSeen}. `;
    } catch {
      return '';
    }
  }
}
