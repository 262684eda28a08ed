import { createFailure } from '../contract/failures.js';
import { describePath } from '../contract/path-key.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import { sameWwid } from '../contract/wwid.js';
import { findDeviceUsers } from '../host/device-users.js';
import type { ScsiDeviceFact } from '../host/facts.js';
import { readScsiDevice } from '../host/sysfs/scsi-device.js';
import type { FindPathDeviceInput } from '../model/steps.js';
import type { HostContext } from './host-context.js';

/** A device with all that identifies it. */
export type ReadyDevice = ScsiDeviceFact &
  Required<Pick<ScsiDeviceFact, 'block' | 'wwid' | 'sizeBytes'>>;

/**
 * Judges a device that was there before this attachment asked for its LUN. The kernel never asks a
 * device again who it is: when an array gives the number to another volume, the old device leads to
 * the new data under the old name (os-brick.md L13).
 *
 * @returns the device when it is still who it says; `undefined` when it was stale and is gone, or
 * gives no answer - the caller goes on looking
 * @throws WrongVolume - permanent: it is stale, and somebody uses it
 */
export async function confirmOldDevice(
  host: HostContext,
  device: ReadyDevice,
  input: FindPathDeviceInput,
): Promise<ReadyDevice | undefined> {
  const { hctl, wwid } = device;
  const asked = await host.verbs.rescanDevice({
    hctl,
    wwid,
    timeoutMs: FIXED_BOUNDS.rescanAnswerMs,
  });
  if (asked.kind !== 'done') return undefined;
  const now = await readScsiDevice(host.files, hctl);
  if (now?.wwid === undefined) return undefined;
  const { expectWwid } = input;
  const isWanted = expectWwid === undefined || sameWwid(now.wwid, expectWwid);
  if (now.wwid === wwid && isWanted) return device;
  await removeStale(host, { ...device, wwid: now.wwid }, wwid, input);
  return undefined;
}

async function removeStale(
  host: HostContext,
  device: ReadyDevice,
  statedWwid: string,
  { path, owner }: FindPathDeviceInput,
): Promise<void> {
  const { hctl, block, wwid } = device;
  const refused = (why: string): Error =>
    createFailure(
      'WrongVolume',
      `${describePath(path)} was ${statedWwid} and is ${wwid} now, and ${block} (${hctl}) cannot be ` +
        `scanned anew: ${why}`,
      {
        portal: path.portal,
        lun: path.lun,
        seen: wwid,
        stated: statedWwid,
        device: `/dev/${block}`,
      },
    );
  const claims = await host.claims.all(path);
  const other = claims.find((claim) => claim.owner !== owner && claim.lun === path.lun);
  if (other !== undefined) throw refused(`${other.owner} claims it`);
  const [user] = await findDeviceUsers(host.files, [block]);
  if (user !== undefined) throw refused(`${user.kind} ${user.what} uses it`);
  const removal = await host.verbs.deleteDevice({ hctl, wwid });
  if (removal.kind === 'refused' || removal.kind === 'busy') throw refused(removal.said);
}
