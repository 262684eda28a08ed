import { createFailure } from '../contract/failures.js';
import { flushDeviceInputSchema, type FlushDeviceInput, type HostSteps } from '../model/steps.js';
import { failedGates } from '../host/gates.js';
import type { HostContext } from './host-context.js';
import { evaluateGates } from './inspect-attachment.js';
import { isRemoved, removalFailure } from './removal-failure.js';
import { hostStep } from './step.js';
import { observeVolume, type VolumeObservation } from './volume-observation.js';

/**
 * Writes back what is dirty and removes the map, or writes back the one device that carried I/O.
 * The last step before which nothing is lost: when it fails, everything is as before.
 *
 * @throws FlushFailed - permanent: data may be unwritten
 * @throws DeviceInUse - permanent: somebody has the map open
 * @throws WrongVolume - permanent: identity does not hold any more
 */
export function flushDeviceStep(host: HostContext): HostSteps['flushDevice'] {
  return hostStep(host, flushDeviceInputSchema, async ({ input, signal }) => {
    const { wwid } = input;
    return host.mapLocks.run(wwid, async () => {
      const seen = await observeVolume(host, input);
      refuse(failedGates(await evaluateGates(host, wwid, seen, signal)));
      return seen.map === undefined
        ? flushSingle(host, input, seen)
        : flushMap(host, input, seen.map.name);
    });
  });
}

async function flushMap(
  host: HostContext,
  { wwid, timeoutMs }: FlushDeviceInput,
  name: string,
): Promise<{ removed: string[]; kept: string[] }> {
  const flush = await host.verbs.flushMap({ wwid, timeoutMs });
  if (!isRemoved(flush)) throw flushFailure(`Could not write back map ${name}`, flush);
  const removal = await host.verbs.removeMap({ wwid, timeoutMs });
  if (!isRemoved(removal)) throw removalFailure(`Map ${name}`, removal, 'FlushFailed');
  return { removed: [`map ${name}`], kept: [] };
}

async function flushSingle(
  host: HostContext,
  { wwid, carrier, timeoutMs }: FlushDeviceInput,
  seen: VolumeObservation,
): Promise<{ removed: string[]; kept: string[] }> {
  const device = seen.withWwid.find(({ hctl }) => hctl === carrier) ?? seen.withWwid[0];
  // Nothing is there, after a reboot for example: nothing can be dirty.
  if (device === undefined) return { removed: [], kept: [] };
  const flush = await host.verbs.flushDevice({ hctl: device.hctl, wwid, timeoutMs });
  if (!isRemoved(flush)) throw flushFailure(`Could not write back ${device.hctl}`, flush);
  return { removed: [], kept: [] };
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
  throw createFailure(
    first.gate === 'no-users' ? 'DeviceInUse' : 'WrongVolume',
    failed.map(({ evidence }) => evidence).join('; '),
    { gates: failed.slice(0, 8) },
  );
}
