import { createFailure } from '../contract/failures.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import {
  flushDeviceInputSchema,
  type FlushDeviceInput,
  type HostSteps,
  type RemovalResult,
  type Seen,
} from '../model/steps.js';
import type { DeviceUser, DmFact } from '../host/facts.js';
import { failedGates, type Gate } from '../host/gate.js';
import { devicesWithWwid } from '../host/sysfs/scsi-device.js';
import { dataIsWrittenBack } from '../host/write-back-gate.js';
import type { RemovalOutcome } from '../privileged/verbs.js';
import type { HostContext } from './host-context.js';
import { observeWithGates } from './inspect-attachment.js';
import { isRemoved, removalFailure, type FailedRemoval } from './removal-failure.js';
import { takeAwayStep } from './step.js';
import { ofWhole } from './step-order.js';
import { usablePaths } from './usable-paths.js';
import { isLooker, type VolumeObservation } from './volume-observation.js';

/**
 * Writes back what is dirty and removes the map, or writes back the one device that carried I/O.
 * The last step before which nothing is lost: when it fails, everything is as before.
 *
 * With `data: 'may-be-lost'` what cannot be written back is given up, which only a person may approve.
 *
 * @throws FlushFailed - permanent: data may be unwritten
 * @throws DeviceInUse - permanent: somebody has the map open
 * @throws CommandTimedOut - passing: only udev has it open
 * @throws WrongVolume - permanent: identity does not hold any more
 */
export function flushDeviceStep(host: HostContext): HostSteps['flushDevice'] {
  return takeAwayStep(host, flushDeviceInputSchema, ofWhole, async ({ input, signal }) => {
    const { wwid } = input;
    const flush = async (): Promise<Flushed> => {
      const { seen, gates } = await observeAsked(host, input, signal);
      refuse(failedGates(gates));
      const usable = (await usablePaths(host, seen.withWwid)).length;
      const timeoutMs = usable > 0 ? input.timeoutMs : withoutPathMs(input);
      const bounded = { ...input, timeoutMs, usable };
      const flushed =
        seen.map === undefined
          ? await flushSingle(host, bounded, seen)
          : await flushMap(host, bounded, seen.map);
      return { ...flushed, gates: [...gates, ...flushed.gates] };
    };
    return host.mapLocks.run(wwid, flush, signal);
  });
}

/**
 * What there is and what the gates say of it. A device that states another volume is asked once more
 * before that is held against it: the kernel never asks again by itself, so one that was asked while its
 * LUN stood for another volume says so for ever.
 */
async function observeAsked(
  host: HostContext,
  input: FlushDeviceInput,
  signal: AbortSignal,
): ReturnType<typeof observeWithGates> {
  const looked = await observeWithGates(host, input, signal);
  const asked = looked.seen.ours.flatMap(({ hctl, wwid }) =>
    wwid === undefined || wwid === input.wwid
      ? []
      : [host.verbs.rescanDevice({ hctl, wwid, timeoutMs: FIXED_BOUNDS.rescanAnswerMs })],
  );
  if (asked.length === 0) return looked;
  await Promise.all(asked);
  return observeWithGates(host, input, signal);
}

const DISCARDED = { kind: 'failed', said: 'not asked for' } as const;

/** What was done, without where it was seen. */
type Flushed = Required<Omit<RemovalResult, keyof Seen>>;

interface Flush extends FlushDeviceInput {
  /** How many paths take I/O. */
  readonly usable: number;
}

async function flushMap(
  host: HostContext,
  { wwid, timeoutMs, usable, data = 'write-back' }: Flush,
  map: DmFact,
): Promise<Flushed> {
  const { name } = map;
  const warnings: string[] = [];
  const flush = data === 'discard' ? DISCARDED : await host.verbs.flushMap({ wwid, timeoutMs });
  const gate = judge(`map ${name}`, flush, { usable, data });
  if (!isRemoved(flush)) {
    if (!gate.passed) throw flushFailure(`Could not write back map ${name}`, flush);
    const given = await host.verbs.disableQueueing({ wwid });
    if (!isRemoved(given)) throw removalFailure(`Map ${name}`, given, 'FlushFailed');
    warnings.push(`map ${name} was removed without being written back: ${flush.said}`);
  }
  const removal = await host.verbs.removeMap({ wwid, timeoutMs });
  if (removal.kind === 'busy') await removeLookedAt(host, { wwid, timeoutMs }, map, removal);
  else if (!isRemoved(removal)) throw removalFailure(`Map ${name}`, removal, 'FlushFailed');
  return { removed: [`map ${name}`], kept: [], warnings, gates: [gate] };
}

/**
 * Removes a map that udev has open, waiting in its look for a path that gives no answer. It reads, and
 * all that was written is on the array: nothing is lost when the look fails.
 *
 * @throws DeviceInUse - permanent: somebody else has it open
 * @throws CommandTimedOut - passing: only udev has, and the kernel takes a path for alive
 */
async function removeLookedAt(
  host: HostContext,
  bounds: { readonly wwid: string; readonly timeoutMs: number },
  { name, block }: DmFact,
  busy: FailedRemoval,
): Promise<void> {
  const { wwid } = bounds;
  const users = await host.verbs.findProcessUsers({ blocks: [block] });
  const what = `Map ${name}${heldBy(users)}`;
  // Users the kernel has itself are in no list.
  const isOnlyLookedAt = users.length > 0 && users.every(isLooker);
  if (!isOnlyLookedAt) throw removalFailure(what, busy, 'FlushFailed');
  // The kernel needs a while to see that a path is dead, and udev one to look at a path that lives.
  if ((await usablePaths(host, await devicesWithWwid(host.files, wwid))).length > 0) {
    throw removalFailure(what, { ...busy, kind: 'timed-out' }, 'CommandTimedOut');
  }
  const given = await host.verbs.disableQueueing({ wwid });
  if (!isRemoved(given)) throw removalFailure(what, given, 'FlushFailed');
  const removal = await host.verbs.removeMap(bounds);
  if (!isRemoved(removal)) throw removalFailure(what, removal, 'FlushFailed');
}

/** Who has a map open, as far as programs and namespaces tell. */
function heldBy(users: readonly DeviceUser[]): string {
  const named = users.map(({ what, name }) => (name === undefined ? what : `${name} (${what})`));
  return named.length === 0 ? '' : `, held by ${named.join(', ')}`;
}

async function flushSingle(
  host: HostContext,
  { wwid, carrier, timeoutMs, usable, data = 'write-back' }: Flush,
  seen: VolumeObservation,
): Promise<Flushed> {
  const device = seen.withWwid.find(({ hctl }) => hctl === carrier) ?? seen.withWwid[0];
  // Nothing is there, after a reboot for example: nothing can be dirty.
  if (device === undefined) return { removed: [], kept: [], warnings: [], gates: [] };
  const { hctl, block = hctl } = device;
  const flush =
    data === 'discard' ? DISCARDED : await host.verbs.flushDevice({ hctl, wwid, timeoutMs });
  const gates = [judge(block, flush, { usable, data })];
  if (isRemoved(flush)) return { removed: [], kept: [], warnings: [], gates };
  if (failedGates(gates).length > 0) throw flushFailure(`Could not write back ${hctl}`, flush);
  const warnings = [`${block} was not written back: ${flush.said}`];
  return { removed: [], kept: [], warnings, gates };
}

function judge(
  what: string,
  flush: RemovalOutcome,
  how: { readonly usable: number; readonly data: NonNullable<FlushDeviceInput['data']> },
): Gate {
  const isWritten = isRemoved(flush);
  return dataIsWrittenBack({ what, isWritten, said: isWritten ? '' : flush.said, ...how });
}

/** With nothing dirty the kernel is done at once; anything else would wait for a path for ever. */
function withoutPathMs({ timeoutMs }: FlushDeviceInput): number {
  return Math.min(timeoutMs, FIXED_BOUNDS.flushWithoutPathMs);
}

function flushFailure(what: string, outcome: Parameters<typeof removalFailure>[1]): Error {
  // A write-back that takes too long is a path problem, and so a question to a person.
  return outcome.kind === 'timed-out'
    ? createFailure('FlushFailed', `${what} in time: ${outcome.said}`, { what })
    : removalFailure(what, outcome, 'FlushFailed');
}

function refuse(failed: ReturnType<typeof failedGates>): void {
  const [first] = failed;
  if (first === undefined) return;
  const said = failed.map(({ evidence }) => evidence).join('; ');
  throw createFailure(
    first.gate === 'no-users' ? 'DeviceInUse' : 'WrongVolume',
    `Refused to detach, nothing was touched: ${said}`,
    { gates: failed.slice(0, 8) },
  );
}
