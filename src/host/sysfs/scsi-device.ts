import { udevWwid } from '../../contract/wwid.js';
import type { ScsiDeviceFact } from '../facts.js';
import { ifPresent, type FileTree } from '../file-tree.js';
import { MalformedFact } from '../malformed-fact.js';
import { readSession, type PlacedSession } from './iscsi-session.js';

const SCSI_DEVICES = '/sys/class/scsi_device';
const HCTL = /^\d+:\d+:\d+:\d+$/;
/** The kernel counts block devices in these units whatever their own block size. */
const SECTOR_BYTES = 512;

/** All SCSI devices below one session, by ascending LUN; empty when the session is gone. */
export async function devicesOfSession(
  files: FileTree,
  sid: number,
): Promise<readonly ScsiDeviceFact[]> {
  const session = await readSession(files, sid);
  if (session === undefined) return [];
  const targets = await readScsiTargets(files, session);
  const hctls = await Promise.all(
    targets.map(async ({ directory }) => (await ifPresent(files.list(directory))) ?? []),
  );
  return readAll(files, hctls.flat());
}

/**
 * The device of one LUN below a session; `undefined` while there is none. Reads that device and no
 * other: it is looked for many times a second.
 */
export async function deviceOfLun(
  files: FileTree,
  session: PlacedSession,
  lun: number,
): Promise<ScsiDeviceFact | undefined> {
  for (const { channel, target } of await readScsiTargets(files, session)) {
    const hctl = `${session.scsiHost}:${channel}:${target}:${lun}`;
    const device = await readScsiDevice(files, hctl);
    if (device !== undefined) return device;
  }
  return undefined;
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
  const devices = await readAll(files, (await ifPresent(files.list(SCSI_DEVICES))) ?? []);
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
  const path = `${SCSI_DEVICES}/${hctl}/device`;
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

async function readAll(files: FileTree, names: readonly string[]): Promise<ScsiDeviceFact[]> {
  const hctls = names.filter((name) => HCTL.test(name));
  const devices = await Promise.all(hctls.map((hctl) => readScsiDevice(files, hctl)));
  return devices.filter((device) => device !== undefined).sort((a, b) => a.lun - b.lun);
}
