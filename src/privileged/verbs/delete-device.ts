import { findDeviceUsers } from '../../host/device-users.js';
import { ifPresent, isAbsence } from '../../host/file-tree.js';
import { multipathUuid, readDmAttribute } from '../../host/sysfs/dm-map.js';
import { readScsiDevice } from '../../host/sysfs/scsi-device.js';
import { requireDevice } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { IdentifiedDevice, RemovalOutcome } from '../verbs.js';

/**
 * How long a write is watched. The kernel is done at once on a healthy path; on a dead one it first
 * waits for its last commands, about 30 s. The caller looks until the device is gone.
 */
const WRITE_WATCH_MS = 1_000;

/**
 * Tells the kernel to let a SCSI device go, if it states the expected WWID and nobody lies on it. The
 * caller has looked before; but a map that goes leaves its paths to whoever is quickest, and the kernel
 * lets a disk go although it is in use.
 *
 * The kernel asks a disk to empty its cache before it lets it go. One that is unreachable is taken out
 * of service first, so that this fails at once: what was written has been written back before, over
 * a path that answers, and a unit has one cache for all of its paths (SBC-3, SYNCHRONIZE CACHE).
 */
export async function deleteDevice(
  context: VerbContext,
  input: IdentifiedDevice & { readonly isUnreachable?: boolean },
): Promise<RemovalOutcome> {
  requireDevice(input);
  const { hctl, wwid, isUnreachable = false } = input;
  const device = await readScsiDevice(context.files, hctl);
  if (device === undefined) return { kind: 'already-gone' };
  if (device.wwid !== wwid) {
    return {
      kind: 'refused',
      said: `${hctl} states ${device.wwid ?? 'no WWID'}, expected ${wwid}`,
    };
  }
  const user = await findUser(context, device.block, wwid);
  if (user !== undefined) return { kind: 'busy', said: user };
  const attributes = `/sys/class/scsi_device/${hctl}/device`;
  try {
    if (isUnreachable) await takeOffline(context, attributes);
    await context.kernel.write(`${attributes}/delete`, '1', WRITE_WATCH_MS);
  } catch (error) {
    // Somebody else's deletion came first.
    if (isAbsence(error)) return { kind: 'already-gone' };
    throw error;
  }
  return { kind: 'done' };
}

async function takeOffline(context: VerbContext, attributes: string): Promise<void> {
  try {
    await context.kernel.write(`${attributes}/state`, 'offline', WRITE_WATCH_MS);
  } catch (error) {
    // A device that is being deleted already takes no other state.
    if (!(error instanceof Error && 'code' in error && error.code === 'EINVAL')) throw error;
  }
}

/** Who lies on the device. The volume's own map is no such one: it loses a path, and has others. */
async function findUser(
  { files }: VerbContext,
  block: string | undefined,
  wwid: string,
): Promise<string | undefined> {
  if (block === undefined) return undefined;
  const holders = (await ifPresent(files.list(`/sys/class/block/${block}/holders`))) ?? [];
  const uuids = await Promise.all(holders.map((holder) => readDmAttribute(files, holder, 'uuid')));
  const maps = holders.filter((_, index) => uuids[index] === multipathUuid(wwid));
  const [user] = await findDeviceUsers(files, [block], maps);
  return user === undefined ? undefined : `${user.kind} ${user.name ?? user.what} on ${user.block}`;
}
