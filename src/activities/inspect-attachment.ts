import { setTimeout as pause } from 'node:timers/promises';
import { FIXED_BOUNDS } from '../contract/policy.js';
import type { DmFact } from '../host/facts.js';
import { failedGates, type Gate } from '../host/gate.js';
import { removalGates } from '../host/gates.js';
import { readDm } from '../host/sysfs/dm-map.js';
import { inspectAttachmentInputSchema, type HostPath, type HostSteps } from '../model/steps.js';
import type { HostContext } from './host-context.js';
import { lookUntil } from './look-until.js';
import { hostStep } from './step.js';
import { usablePaths } from './usable-paths.js';
import {
  observeVolume,
  usersOfVolume,
  type UserSearch,
  type VolumeObservation,
} from './volume-observation.js';

/**
 * Looks at the volume and evaluates every gate of its removal; changes nothing. The evidence goes
 * into the history.
 *
 * @throws HostNotReady - something could not be read, so nothing may be removed
 */
export function inspectAttachmentStep(host: HostContext): HostSteps['inspectAttachment'] {
  return hostStep(host, inspectAttachmentInputSchema, async ({ input, signal }) => {
    const { seen, gates } = await observeWithGates(host, input, signal);
    const { map } = seen;
    return {
      ...(map === undefined ? {} : { map: { device: `/dev/${map.block}`, name: map.name } }),
      devices: seen.withWwid.flatMap(({ hctl, block }) =>
        block === undefined ? [] : [{ hctl, device: `/dev/${block}` }],
      ),
      usable: (await usablePaths(host, seen.withWwid)).length,
      gates,
    };
  });
}

/**
 * Looks at the volume and evaluates every gate of its removal. Devices and map are read one after the
 * other, so a path that joins or leaves the map in between makes them differ without anything being
 * wrong: it is looked again until the map stands still.
 */
export async function observeWithGates(
  host: HostContext,
  input: { readonly paths: readonly HostPath[]; readonly wwid: string },
  signal: AbortSignal,
  options: UserSearch = {},
): Promise<{ readonly seen: VolumeObservation; readonly gates: Gate[] }> {
  const look = async () => {
    const seen = await observeVolume(host, input);
    return { seen, gates: await evaluateGates(host, input.wwid, seen, signal, options) };
  };
  const waitMs = FIXED_BOUNDS.slavesSettleMs;
  const settled = await lookUntil({ waitMs, signal }, async () => {
    const looked = await look();
    return failedGates(looked.gates).some(({ gate }) => gate === 'slaves-are-the-volume')
      ? undefined
      : looked;
  });
  return settled ?? look();
}

/** Evaluates the gates over what was seen, with a second look at the map's slaves. */
export async function evaluateGates(
  host: HostContext,
  wwid: string,
  seen: VolumeObservation,
  signal: AbortSignal,
  options: UserSearch = {},
): Promise<Gate[]> {
  const [again, users] = await Promise.all([
    slavesAgain(host, seen.map, signal),
    usersOfVolume(host, seen, options),
  ]);
  return removalGates({
    wwid,
    devices: seen.ours,
    devicesWithWwid: seen.withWwid,
    ...(seen.map === undefined ? {} : { map: seen.map }),
    slavesAgain: again,
    users,
  });
}

/** A map's slaves can be momentarily empty while multipathd reloads it (peers.md, trident#1161). */
async function slavesAgain(
  host: HostContext,
  map: DmFact | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (map === undefined) return [];
  await pause(FIXED_BOUNDS.slavesRecheckMs, undefined, { signal });
  return (await readDm(host.files, map.block))?.slaves ?? [];
}
