import { createFailure } from '../contract/failures.js';
import { failedGates } from '../host/gate.js';
import type { ScsiDeviceFact } from '../host/facts.js';
import { findMap } from '../host/sysfs/dm-map.js';
import { devicesWithWwid, readScsiDevice } from '../host/sysfs/scsi-device.js';
import {
  removePathDevicesInputSchema,
  type HostSteps,
  type RemovePathDevicesInput,
} from '../model/steps.js';
import type { HostContext } from './host-context.js';
import { evaluateGates } from './inspect-attachment.js';
import { lookUntil } from './look-until.js';
import { linksTo } from '../host/stable-path.js';
import { isRemoved, removalFailure } from './removal-failure.js';
import { findUnreachable } from './unreachable-devices.js';
import { takeAwayStep } from './step.js';
import { ofWhole } from './step-order.js';
import { devicesOfPaths, observeVolume } from './volume-observation.js';

/** multipathd follows the kernel's events; what it has not forgotten after this is taken from it. */
const FORGET_WAIT_MS = 3_000;

/**
 * Deletes the volume's SCSI devices, waits until the kernel has let them go, and takes away what they
 * leave behind: multipathd's paths, the wwids line, dangling by-id links.
 *
 * `undo` removes only devices that were not there before this attachment asked for them, and the map
 * over them; nothing was handed out yet, so there is nothing to write back.
 *
 * @throws DeviceInUse, WrongVolume - permanent: a gate refuses
 * @throws CommandTimedOut - passing: a device is still there after `waitMs`
 */
export function removePathDevicesStep(host: HostContext): HostSteps['removePathDevices'] {
  return takeAwayStep(host, removePathDevicesInputSchema, ofWhole, async ({ input, signal }) => {
    const groups =
      input.purpose === 'detach' && input.wwid !== undefined
        ? [{ wwid: input.wwid, devices: (await observeVolume(host, input)).withWwid }]
        : await broughtIn(host, input);
    const removed: string[] = [];
    for (const { wwid, devices } of groups) {
      removed.push(...(await removeUnit(host, input, wwid, devices, signal)));
    }
    return { removed, kept: [] };
  });
}

interface Unit {
  readonly wwid: string;
  readonly devices: readonly ScsiDeviceFact[];
}

/** The devices this attachment brought in, by who they are: it may be more than one volume's. */
async function broughtIn(
  host: HostContext,
  { paths, owner, wwid }: RemovePathDevicesInput,
): Promise<Unit[]> {
  const units = new Map<string, ScsiDeviceFact[]>();
  for (const path of paths) {
    const claim = await host.claims.get(path, owner);
    if (claim?.deviceExisted !== false) continue;
    for (const device of await devicesOfPaths(host, [path])) {
      if (device.wwid === undefined) throw withoutIdentity(device);
      units.set(device.wwid, [...(units.get(device.wwid) ?? []), device]);
    }
  }
  // A map or a wwids line may be left of a volume whose devices have gone already.
  if (wwid !== undefined && !units.has(wwid)) units.set(wwid, []);
  return [...units].map(([unit, devices]) => ({ wwid: unit, devices }));
}

async function removeUnit(
  host: HostContext,
  { waitMs, owner, purpose }: RemovePathDevicesInput,
  wwid: string,
  devices: readonly ScsiDeviceFact[],
  signal: AbortSignal,
): Promise<string[]> {
  const remove = async (): Promise<string[]> => {
    const { verbs } = host;
    const unreachable = findUnreachable(host, devices);
    // Awaited after the gates, which may refuse before.
    unreachable.catch(() => undefined);
    const map = await findMap(host.files, wwid);
    const isWhole = purpose === 'detach' || (await isWholeVolume(host, { wwid, devices, owner }));
    const seen = {
      ours: devices,
      withWwid: devices,
      ...(isWhole ? { map } : { mapOfOthers: map }),
    };
    const failed = failedGates(await evaluateGates(host, wwid, seen, signal));
    const [first] = failed;
    if (first !== undefined) {
      const type = first.gate === 'no-users' ? 'DeviceInUse' : 'WrongVolume';
      const said = failed.map(({ evidence }) => evidence).join('; ');
      throw createFailure(type, said, { gates: failed.slice(0, 8) });
    }
    const removed: string[] = [];
    const blocks = devices.flatMap(({ block }) => (block === undefined ? [] : [block]));
    const led = await linksTo(host.files, blocks);
    // Map before paths: a map that loses its last path queues, and then nothing ends any more.
    if (map !== undefined && isWhole) {
      const removal = await verbs.removeMap({ wwid, timeoutMs: waitMs });
      if (!isRemoved(removal)) throw removalFailure(`Map ${map.name}`, removal, 'CommandTimedOut');
      removed.push(`map ${map.name}`);
    }
    const dead = await unreachable;
    const deletions = devices.map(async ({ hctl, block }) => {
      const removal = await verbs.deleteDevice({ hctl, wwid, isUnreachable: dead.has(hctl) });
      const name = `${block ?? 'device'} (${hctl})`;
      if (!isRemoved(removal)) throw removalFailure(name, removal, 'CommandTimedOut');
      removed.push(name);
    });
    // Without a map its line says nothing to anybody any more, whether there are paths or not.
    await Promise.all([...deletions, ...(isWhole ? [forgetLine(host, wwid)] : [])]);
    await awaitGone(host, devices, waitMs, signal);
    if (isWhole) await forget(host, { wwid, led }, signal);
    return removed;
  };
  return host.mapLocks.run(wwid, remove, signal);
}

/**
 * Whether these are all the volume's devices on the host and nobody else claims it. If not, an undo
 * takes back its own paths only: the map over them is somebody else's.
 */
async function isWholeVolume(
  host: HostContext,
  { wwid, devices, owner }: Unit & { readonly owner: string },
): Promise<boolean> {
  const ours = new Set(devices.map(({ hctl }) => hctl));
  const all = await devicesWithWwid(host.files, wwid);
  if (all.some(({ hctl }) => !ours.has(hctl))) return false;
  return (await host.claims.ownersOf(wwid)).every((each) => each === owner);
}

async function awaitGone(
  host: HostContext,
  devices: readonly ScsiDeviceFact[],
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  let left: string[] = [];
  const gone = await lookUntil({ waitMs, signal }, async () => {
    const looks = await Promise.all(devices.map(({ hctl }) => readScsiDevice(host.files, hctl)));
    left = looks.flatMap((device) => (device === undefined ? [] : [device.hctl]));
    return left.length === 0 ? true : undefined;
  });
  if (gone === undefined) {
    throw createFailure('CommandTimedOut', `${left.join(', ')} still there after ${waitMs} ms`, {
      devices: left,
    });
  }
}

async function forgetLine({ verbs }: HostContext, wwid: string): Promise<void> {
  const line = await verbs.forgetWwid({ wwid });
  if (!isRemoved(line)) throw removalFailure(`wwids line of ${wwid}`, line, 'CommandTimedOut');
}

/**
 * Waits until multipathd has forgotten the paths: a late event would otherwise tear down the map of
 * a quick re-attach (os-brick.md 9.1, 1b2e229, d3f4f3b).
 */
async function forget(
  host: HostContext,
  { wwid, led }: { readonly wwid: string; readonly led: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const { verbs } = host;
  const isForgotten = lookUntil({ waitMs: FORGET_WAIT_MS, signal }, async () => {
    const monitored = await verbs.listMonitoredPaths();
    // No answer from the daemon: it monitors nothing that could come back.
    return monitored?.some((path) => path.wwid === wwid) === true ? undefined : true;
  });
  if ((await isForgotten) === undefined) await verbs.forgetPaths({ wwid });
  await verbs.removeStaleLinks({ wwid, led });
}

function withoutIdentity({ hctl }: ScsiDeviceFact): Error {
  return createFailure('WrongVolume', `${hctl} has no identity, so it is not removed`, { hctl });
}
