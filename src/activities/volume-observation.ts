import { setTimeout as pause } from 'node:timers/promises';
import { FIXED_BOUNDS } from '../contract/policy.js';
import type { DeviceUser, DmFact, ScsiDeviceFact } from '../host/facts.js';
import { findDeviceUsers } from '../host/device-users.js';
import { isSessionTo, readSessions } from '../host/sysfs/iscsi-session.js';
import { findMap } from '../host/sysfs/dm-map.js';
import { devicesOfLun, devicesWithWwid } from '../host/sysfs/scsi-device.js';
import type { HostPath } from '../model/steps.js';
import type { HostContext } from './host-context.js';

/** Everything on the host that belongs to a volume, or pretends to. */
export interface VolumeObservation {
  /** Below a session to one of the paths' portals, under the path's LUN. */
  readonly ours: readonly ScsiDeviceFact[];
  /** With the volume's WWID, wherever they come from. */
  readonly withWwid: readonly ScsiDeviceFact[];
  readonly map?: DmFact | undefined;
  /** A map over these devices that is somebody else's: left alone, and no user of them. */
  readonly mapOfOthers?: DmFact | undefined;
}

/**
 * Looks at a volume in sysfs: by session and LUN, and by WWID. Never by a remembered name, and
 * without a command to a device.
 *
 * @throws when anything cannot be read: unknown must not look like absent
 */
export async function observeVolume(
  host: HostContext,
  { paths, wwid }: { readonly paths: readonly HostPath[]; readonly wwid?: string | undefined },
): Promise<VolumeObservation> {
  const devices = await devicesOfPaths(host, paths);
  const ours = new Map(devices.map((device) => [device.hctl, device]));
  return {
    ours: [...ours.values()],
    withWwid: wwid === undefined ? [] : await devicesWithWwid(host.files, wwid),
    map: wwid === undefined ? undefined : await findMap(host.files, wwid),
  };
}

/** Every session to a portal counts, whichever iface or number it has (os-brick L22). */
export async function devicesOfPaths(
  host: HostContext,
  paths: readonly HostPath[],
): Promise<ScsiDeviceFact[]> {
  const ends = paths.map(({ portal, iqn }) => ({ portal, iqn }));
  const sessions = await readSessions(host.files, ends);
  const devices = await Promise.all(
    paths.flatMap(({ portal, iqn, lun }) =>
      sessions
        .filter((session) => isSessionTo(session, { portal, iqn }))
        .map((session) => devicesOfLun(host.files, session, lun)),
    ),
  );
  return devices.flat();
}

/** How far the users of a volume are looked for. */
export interface UserSearch {
  /** Programs and containers that have a map open, too: a look at every process of the host. */
  readonly withPrograms?: boolean;
}

/**
 * Who uses the volume: above its map and above each of its devices, the map itself excepted. Without
 * a map also programs and namespaces, since the kernel lets a disk go although it is in use; over a
 * map it refuses by itself, so a look at every process is only for those who ask for it.
 */
export async function usersOfVolume(
  host: HostContext,
  { withWwid, ours, map, mapOfOthers }: VolumeObservation,
  { withPrograms = false }: UserSearch = {},
): Promise<readonly DeviceUser[]> {
  const blocks = new Set(
    [...withWwid, ...ours].flatMap(({ block }) => (block === undefined ? [] : [block])),
  );
  if (map !== undefined) blocks.add(map.block);
  const ignored = [map, mapOfOthers].flatMap((each) => (each === undefined ? [] : [each.block]));
  const users = await findDeviceUsers(host.files, [...blocks], ignored);
  const isDone = ignored.length > 0 && !withPrograms;
  if (isDone || users.length > 0 || blocks.size === 0) return users;
  return lastingUsers(host, [...blocks]);
}

/**
 * These look at every disk that comes or changes, for a moment: a lab saw 0.1 to 2 s. A path that hangs
 * holds them up with it.
 */
const LOOKERS = new Set(['(udev-worker)', 'systemd-udevd', 'blkid', 'pvscan']);
/** What udev calls as well as people: it may write. */
const PASSING_PROGRAMS = new Set([...LOOKERS, 'lvm']);
const PASSING_MS = 5_000;

/** Whether a program reads who a disk is, and does nothing else with it. */
export function isLooker({ kind, name = '' }: DeviceUser): boolean {
  return kind === 'process' && LOOKERS.has(name);
}

/** Programs and namespaces that use disks and go on doing so; who but looks at them uses nothing. */
async function lastingUsers(
  host: HostContext,
  blocks: readonly string[],
): Promise<readonly DeviceUser[]> {
  const start = performance.now();
  for (;;) {
    const users = await host.verbs.findProcessUsers({ blocks });
    if (users.length === 0) return [];
    const isPassing = users.every(({ name = '' }) => PASSING_PROGRAMS.has(name));
    if (!isPassing || performance.now() - start > PASSING_MS) {
      return users.filter((user) => !isLooker(user));
    }
    await pause(FIXED_BOUNDS.lookIntervalMs);
  }
}
