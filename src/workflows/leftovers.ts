import { continueAsNew, setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import { claimOwnerId, type AttachmentKey } from '../contract/ids.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import type { HostPath } from '../model/steps.js';
import { removalSteps } from './activity-proxies.js';
import { stepEnd } from './step-failure.js';

/** What an abandoned attachment left on its host. */
export interface LeftoversInput {
  readonly key: AttachmentKey;
  readonly wwid?: string;
  readonly machineId?: string;
  readonly paths: HostPath[];
  readonly removalWaitMs: number;
}

/** How the cleanup ended. `replaced`: another system has the host's name, nothing of ours is on it. */
export interface LeftoversOutcome {
  readonly state: 'cleaned' | 'replaced';
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/**
 * Cleans a host of an abandoned attachment when it comes back, for as long as that takes. Writes
 * nothing to the volume: another host may use it by now, and old data over new destroys both.
 */
export async function leftovers(input: LeftoversInput): Promise<LeftoversOutcome> {
  const { hostId, volumeId } = input.key;
  let pauseMs: number = FIXED_BOUNDS.cleanupRetryMinMs;
  const about = `volume \`${volumeId}\`, abandoned on host \`${hostId}\``;
  setCurrentDetails(`**waiting for ${hostId}** to clean up ${about}`);
  for (;;) {
    try {
      return await cleanOnce(input);
    } catch (error) {
      const end = stepEnd(error);
      if (end.kind === 'cancelled') throw error;
      if (end.kind === 'failed' && end.failure.type === 'HostReplaced') {
        return { state: 'replaced', removed: [], kept: [] };
      }
      const said = end.kind === 'failed' ? end.failure.message : `a step ended as ${end.kind}`;
      setCurrentDetails(`**cleaning up** ${about}\n\nLast failure: ${said}`);
    }
    await sleep(pauseMs, { summary: 'before the cleanup is tried again' });
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof leftovers>(input);
    pauseMs = Math.min(2 * pauseMs, FIXED_BOUNDS.cleanupRetryMaxMs);
  }
}

async function cleanOnce(input: LeftoversInput): Promise<LeftoversOutcome> {
  const { key, wwid, machineId, paths, removalWaitMs } = input;
  const base = {
    hostId: key.hostId,
    owner: claimOwnerId(key),
    ...(machineId === undefined ? {} : { machineId }),
  };
  const step = (summary: string) => removalSteps(key.hostId, { summary, takesMs: removalWaitMs });
  const results = [];
  if (wwid !== undefined) {
    results.push(
      await step('remove the map, writing nothing').flushDevice({
        ...base,
        wwid,
        paths,
        data: 'discard',
        timeoutMs: removalWaitMs,
      }),
    );
  }
  results.push(
    await step('remove the path devices').removePathDevices({
      ...base,
      paths,
      ...(wwid === undefined ? {} : { wwid }),
      purpose: wwid === undefined ? 'undo' : 'detach',
      waitMs: removalWaitMs,
    }),
  );
  for (const path of paths) {
    results.push(
      await step(`release ${path.portal}`).releaseSession({
        ...base,
        path,
        timeoutMs: removalWaitMs,
      }),
    );
  }
  const removed = results.flatMap((each) => each.removed);
  return { state: 'cleaned', removed, kept: results.flatMap((each) => each.kept) };
}
