import { CancellationScope } from '@temporalio/workflow';
import type { UndoStep } from '../contract/failures.js';
import { describePath } from '../contract/path-key.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import type { RemovalResult } from '../model/steps.js';
import { removalSteps } from './activity-proxies.js';
import type { Ledger, PathEntry } from './ledger.js';
import { stepEnd } from './step-failure.js';

/**
 * Takes back everything a failed attach may have done, for as long as that takes. Devices first,
 * then sessions. Never rejects; how each step went is in the ledger, also while it still goes on.
 *
 * Call it in a scope that only an abandon cancels.
 *
 * @param pause - waits so many milliseconds before the next try; ends early without a failure
 */
export async function undoAttach(
  ledger: Ledger,
  pause: (pauseMs: number) => Promise<void>,
): Promise<void> {
  let pauseMs: number = FIXED_BOUNDS.cleanupRetryMinMs;
  while (ledger.holdsSomething) {
    ledger.entry.undo = await undoOnce(ledger);
    if (ledger.entry.undo.every(({ outcome }) => outcome === 'done')) {
      for (const path of ledger.entry.paths) forget(path);
      return;
    }
    // An abandon ends it: then another workflow cleans up.
    if (CancellationScope.current().consideredCancelled) return;
    ledger.setState('cleaning-up');
    await pause(pauseMs);
    pauseMs = Math.min(2 * pauseMs, FIXED_BOUNDS.cleanupRetryMaxMs);
  }
}

/** Takes back one path of a volume whose other paths go on. Never rejects. */
export async function undoPath(ledger: Ledger, path: PathEntry): Promise<void> {
  const steps = [await undoDevices(ledger, [path]), await undoSession(ledger, path)];
  if (steps.every(({ outcome }) => outcome === 'done')) forget(path);
}

async function undoOnce(ledger: Ledger): Promise<UndoStep[]> {
  const paths = ledger.touchedPaths;
  const devices = await undoDevices(ledger, paths);
  // A session is not closed under a device that could not be removed: the kernel would hang on it.
  if (devices.outcome === 'failed') return [devices];
  const sessions = await Promise.all(paths.map((path) => undoSession(ledger, path)));
  return [devices, ...sessions];
}

function undoDevices(ledger: Ledger, paths: readonly PathEntry[]): Promise<UndoStep> {
  const { removalWaitMs } = ledger.policy;
  const wwid = paths.find(({ device }) => device !== undefined)?.device?.wwid;
  const step = 'remove the devices it brought in';
  return recorded(step, () =>
    removalSteps(ledger.key.hostId, { summary: step, takesMs: removalWaitMs }).removePathDevices({
      ...ledger.stepBase,
      paths: paths.map(({ host }) => host),
      ...(wwid === undefined ? {} : { wwid }),
      purpose: 'undo',
      waitMs: removalWaitMs,
    }),
  );
}

function undoSession(ledger: Ledger, path: PathEntry): Promise<UndoStep> {
  const { removalWaitMs } = ledger.policy;
  const step = `release the session to ${path.host.portal} (${describePath(path.host)})`;
  return recorded(step, () =>
    removalSteps(ledger.key.hostId, {
      summary: `release ${path.host.portal}`,
      takesMs: removalWaitMs,
    }).releaseSession({
      ...ledger.stepBase,
      path: path.host,
      timeoutMs: removalWaitMs,
    }),
  );
}

async function recorded(step: string, remove: () => Promise<RemovalResult>): Promise<UndoStep> {
  try {
    const { removed, kept } = await remove();
    const said = [...removed.map((it) => `removed ${it}`), ...kept.map((it) => `kept ${it}`)];
    return { step, outcome: 'done', ...(said.length === 0 ? {} : { message: said.join(', ') }) };
  } catch (error) {
    const end = stepEnd(error);
    const message = end.kind === 'failed' ? end.failure.message : `the step ended as ${end.kind}`;
    return { step, outcome: 'failed', message };
  }
}

function forget(path: PathEntry): void {
  path.touched = false;
  delete path.session;
  delete path.device;
}
