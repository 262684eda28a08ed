import { udevWwid } from '../../contract/wwid.js';
import type { ScsiDeviceFact } from '../facts.js';
import { ifPresent, type FileTree } from '../file-tree.js';
import { MalformedFact } from '../malformed-fact.js';
import type { PlacedSession } from './iscsi-session.js';

const SCSI_DEVICES = '/sys/class/scsi_device';
const HCTL = /^\d+:\d+:\d+:\d+$/;
/** The kernel counts block devices in these units whatever their own block size. */
const SECTOR_BYTES = 512;

/** `2` for `2:0:0:4`: the SCSI host, and so the session, that a device is below. */
export function scsiHostOf({ hctl }: Pick<ScsiDeviceFact, 'hctl'>): number {
  return Number(hctl.split(':')[0]);
}

/** All SCSI devices below one session, by ascending LUN; empty when the session is gone. */
export async function devicesOfSession(
  files: FileTree,
  session: PlacedSession,
): Promise<readonly ScsiDeviceFact[]> {
  const targets = await readScsiTargets(files, session);
  const names = await Promise.all(
    targets.map(async ({ directory }) => (await ifPresent(files.list(directory))) ?? []),
  );
  return readAll(
    files,
    names.flat().filter((name) => HCTL.test(name)),
  );
}

/**
 * The devices of one LUN below a session; none while there is none. Reads those and no other: they
 * are looked for many times a second.
 */
export async function devicesOfLun(
  files: FileTree,
  session: PlacedSession,
  lun: number,
): Promise<readonly ScsiDeviceFact[]> {
  const targets = await readScsiTargets(files, session);
  const hctls = targets.map(
    ({ channel, target }) => `${session.scsiHost}:${channel}:${target}:${lun}`,
  );
  return readAll(files, hctls);
}

/** The kernel's name of what a session leads to. */
export interface ScsiTarget {
  readonly channel: number;
  readonly target: number;
  /** `/sys/devices/…/host2/session1/target2:0:0` */
  readonly directory: string;
}

/** A session's SCSI targets; none before the first scan of a session that is scanned by hand. */
export async function readScsiTargets(
  files: FileTree,
  session: PlacedSession,
): Promise<readonly ScsiTarget[]> {
  const names = (await ifPresent(files.list(session.directory))) ?? [];
  return names.flatMap((name) => {
    const [, channel, target] = /^target\d+:(\d+):(\d+)$/.exec(name) ?? [];
    return channel === undefined || target === undefined
      ? []
      : [
          {
            channel: Number(channel),
            target: Number(target),
            directory: `${session.directory}/${name}`,
          },
        ];
  });
}

/** All SCSI devices of this host that are the unit with this WWID (udev's form). */
export async function devicesWithWwid(
  files: FileTree,
  wwid: string,
): Promise<readonly ScsiDeviceFact[]> {
  const names = (await ifPresent(files.list(SCSI_DEVICES))) ?? [];
  const hctls = names.filter((name) => HCTL.test(name));
  // Who they are first, and only of the wanted ones the rest: a host may have thousands.
  const wwids = await Promise.all(hctls.map((hctl) => readWwid(files, `${placeOf(hctl)}/wwid`)));
  const devices = await readAll(
    files,
    hctls.filter((_, index) => wwids[index] === wwid),
  );
  return devices.filter((device) => device.wwid === wwid);
}

/**
 * One SCSI device; `undefined` when it is not, or no longer, there.
 *
 * @throws MalformedFact, or what the file tree threw: an unreadable WWID is unknown, not absent
 */
export async function readScsiDevice(
  files: FileTree,
  hctl: string,
): Promise<ScsiDeviceFact | undefined> {
  const path = placeOf(hctl);
  const state = await ifPresent(files.readText(`${path}/state`));
  if (state === undefined) return undefined;
  const [wwid, block] = await Promise.all([
    readWwid(files, `${path}/wwid`),
    readBlock(files, path),
  ]);
  // What is missing may be missing because the device went away just now.
  const incomplete = wwid === undefined || block === undefined;
  if (incomplete && (await ifPresent(files.readText(`${path}/state`))) === undefined) {
    return undefined;
  }
  return {
    hctl,
    lun: Number(hctl.split(':').at(-1)),
    state: state.trim(),
    ...(wwid === undefined ? {} : { wwid }),
    ...block,
  };
}

/**
 * The WWID a SCSI device states, in udev's form; `undefined` when the kernel has none of it.
 *
 * @param path - the attribute: `…/device/wwid`
 */
async function readWwid(files: FileTree, path: string): Promise<string | undefined> {
  try {
    const text = await ifPresent(files.readText(path));
    return text === undefined ? undefined : udevWwid(text);
  } catch (error) {
    // The kernel's answer for a unit whose VPD page 0x83 holds no usable designator
    // (scsi_vpd_lun_id); it answers ENXIO when there is no such page.
    if (error instanceof Error && 'code' in error && error.code === 'EINVAL') return undefined;
    throw error;
  }
}

async function readBlock(
  files: FileTree,
  device: string,
): Promise<{ block: string; sizeBytes: number } | undefined> {
  const [block] = (await ifPresent(files.list(`${device}/block`))) ?? [];
  if (block === undefined) return undefined;
  const path = `${device}/block/${block}/size`;
  const size = await ifPresent(files.readText(path));
  return size === undefined ? undefined : { block, sizeBytes: parseSize(size, path) };
}

/** Turns the kernel's sector count into bytes. */
export function parseSize(text: string, path: string): number {
  if (!/^\d+\s*$/.test(text)) throw new MalformedFact(path, 'is no number of sectors');
  return Number(text) * SECTOR_BYTES;
}

async function readAll(files: FileTree, hctls: readonly string[]): Promise<ScsiDeviceFact[]> {
  const devices = await Promise.all(hctls.map((hctl) => readScsiDevice(files, hctl)));
  return devices.filter((device) => device !== undefined).sort((a, b) => a.lun - b.lun);
}

function placeOf(hctl: string): string {
  return `${SCSI_DEVICES}/${hctl}/device`;
}
