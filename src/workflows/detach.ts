import { patched, type ApplicationFailure } from '@temporalio/workflow';
import { createFailure } from '../contract/failures.js';
import type { DetachResult } from '../model/attach-result.js';
import type {
  GateEvidence,
  HostSteps,
  InspectionResult,
  RemovalResult,
  VolumeDeviceResult,
} from '../model/steps.js';
import { removalSteps } from './activity-proxies.js';
import type { ApprovalDesk } from './approval.js';
import type { Ledger } from './ledger.js';
import { FLUSH_LOOKS_FIRST } from './patches.js';
import { stepEnd } from './step-failure.js';

/** How a detach is to be carried out. */
export interface DetachWays {
  readonly mode: 'normal' | 'force';
  /** Where a person is asked before data is lost. */
  readonly desk: ApprovalDesk;
  /** Called after each step, well or not, for the watch over the host. */
  readonly onProgress: () => void;
  /** Whether it ends with this error only to go on in another run. */
  readonly isBrokenOff: (error: unknown) => boolean;
}

/**
 * Takes a volume off its host: data first, then devices, then what nobody else uses. Every step may
 * have run before, so an interrupted detach simply runs again.
 *
 * With force, what cannot be written back is lost once a person has approved it; a device that
 * somebody uses, or that is another volume, is never removed.
 *
 * @throws ApplicationFailure `DeviceInUse`, `WrongVolume`, `FlushFailed`: before anything was removed
 */
export async function detachVolumeFromHost(
  ledger: Ledger,
  volume: VolumeDeviceResult,
  { mode, desk, onProgress, isBrokenOff }: DetachWays,
): Promise<DetachResult> {
  const { key, policy, stepBase } = ledger;
  const { flushTimeoutMs, removalWaitMs } = policy;
  const touched = ledger.touchedPaths;
  const paths = touched.map(({ host }) => host);
  const { wwid } = volume;
  const before = ledger.entry.before ?? ledger.entry.state;
  ledger.entry.before = before;

  let hasBegun = false;
  const run = async <Result>(
    summary: string,
    takesMs: number,
    call: (steps: HostSteps) => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await call(removalSteps(key.hostId, { summary, takesMs, hasBegun }));
    } finally {
      onProgress();
    }
  };

  const flush = { ...stepBase, wwid, paths, ...carrierOf(volume), timeoutMs: flushTimeoutMs };
  const writeBack = async (): Promise<RemovalResult> => {
    ledger.setState('detaching');
    if (!patched(FLUSH_LOOKS_FIRST)) {
      const inspection = await run('look at the volume and who uses it', removalWaitMs, (steps) =>
        steps.inspectAttachment({ ...stepBase, paths, wwid }),
      );
      refuseUnlessSafe(inspection);
    }
    return run('write back and remove the map', flushTimeoutMs, (steps) =>
      steps.flushDevice(flush),
    ).catch((error: unknown) => {
      const lost = mode === 'force' ? unwritten(error) : undefined;
      if (lost === undefined) throw error;
      // Said once by the kernel, so kept whatever the person decides.
      ledger.entry.unwritten = lost;
      return loseWhatIsNotWritten(
        `detach ${key.volumeId} from ${key.hostId} and lose what is not written back: ${lost}`,
      );
    });
  };
  const loseWhatIsNotWritten = async (question: string): Promise<RemovalResult> => {
    const { requestedBy, reason } = await desk.ask(question);
    const result = await run('remove the map, data may be lost', flushTimeoutMs, (steps) =>
      steps.flushDevice({ ...flush, data: 'may-be-lost' }),
    );
    delete ledger.entry.unwritten;
    const approved = `loss of data approved by ${requestedBy}: ${reason}`;
    return { ...result, warnings: [approved, ...(result.warnings ?? [])] };
  };
  // A question that a former run has asked is not asked by writing back again: that would succeed,
  // with the data gone.
  const { question } = ledger.entry;
  let flushed: RemovalResult;
  try {
    flushed = await (question === undefined ? writeBack() : loseWhatIsNotWritten(question));
  } catch (error) {
    // Nothing was removed, so the volume is what it was.
    if (!isBrokenOff(error)) ledger.setState(before);
    throw error;
  }
  ledger.entry.before = 'detaching';
  hasBegun = true;

  const removeAll = async (): Promise<RemovalResult[]> => {
    const devices = await run('remove the path devices', removalWaitMs, (steps) =>
      steps.removePathDevices({
        ...stepBase,
        paths,
        wwid,
        purpose: 'detach',
        waitMs: removalWaitMs,
      }),
    );
    const sessions = await Promise.all(
      touched.map((path) =>
        run(`release ${path.host.portal}`, removalWaitMs, (steps) =>
          steps.releaseSession({ ...stepBase, path: path.host, timeoutMs: removalWaitMs }),
        ),
      ),
    );
    const absent = await run('make sure that nothing is left', removalWaitMs, (steps) =>
      steps.verifyAbsent({ ...stepBase, paths, wwid }),
    );
    return [devices, ...sessions, absent];
  };

  const results = [flushed, ...(await againstComebacks(removeAll))];
  return {
    volumeId: key.volumeId,
    hostId: key.hostId,
    state: 'detached',
    wasAttached: true,
    removed: results.flatMap(({ removed }) => removed),
    kept: results.flatMap(({ kept }) => kept),
    warnings: results.flatMap(({ warnings = [] }) => warnings),
  };
}

/** Somebody's scan may bring a device back in between; more often than that is no accident. */
const COMEBACKS_MAX = 3;

async function againstComebacks<Result>(removeAll: () => Promise<Result>): Promise<Result> {
  for (let comebacks = 0; ; comebacks += 1) {
    try {
      return await removeAll();
    } catch (error) {
      const end = stepEnd(error);
      const isBack = end.kind === 'failed' && end.failure.type === 'CleanupIncomplete';
      if (!isBack || comebacks === COMEBACKS_MAX) throw error;
    }
  }
}

/** What a flush could not write back; `undefined` when it failed for another reason. */
function unwritten(error: unknown): string | undefined {
  const end = stepEnd(error);
  return end.kind === 'failed' && end.failure.type === 'FlushFailed'
    ? end.failure.message
    : undefined;
}

function carrierOf({ kind, carriers }: VolumeDeviceResult): { carrier?: string } {
  const [carrier] = carriers;
  return kind === 'single' && carrier !== undefined ? { carrier } : {};
}

function refuseUnlessSafe({ gates }: InspectionResult): void {
  const failed = gates.filter(({ passed }) => !passed);
  const [first] = failed;
  if (first === undefined) return;
  const said = failed.map(({ evidence }) => evidence).join('; ');
  throw createFailure(gateFailure(first), `Refused to detach, nothing was touched: ${said}`, {
    gates: failed.slice(0, 8),
  });
}

/** Gates about users end as DeviceInUse; every other one is about identity. */
function gateFailure({ gate }: GateEvidence): 'DeviceInUse' | 'WrongVolume' {
  return gate === 'no-users' ? 'DeviceInUse' : 'WrongVolume';
}

/** The failure of a detach for its caller. */
export function detachFailure(error: unknown): ApplicationFailure {
  const end = stepEnd(error);
  if (end.kind === 'failed') return end.failure;
  return createFailure('InternalFault', `A step of the detach ended as ${end.kind}`);
}
