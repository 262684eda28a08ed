import { isAbsence } from '../../host/file-tree.js';
import { readScsiDevice } from '../../host/sysfs/scsi-device.js';
import { requireDevice } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { IdentifiedDevice, RemovalOutcome } from '../verbs.js';

/**
 * How long the write is watched. The kernel is done at once on a healthy path; on a dead one it first
 * waits for its last commands, about 30 s. The caller looks until the device is gone.
 */
const WRITE_WATCH_MS = 1_000;

/** Tells the kernel to let a SCSI device go, if it states the expected WWID. */
export async function deleteDevice(
  context: VerbContext,
  input: IdentifiedDevice,
): Promise<RemovalOutcome> {
  requireDevice(input);
  const { hctl, wwid } = input;
  const device = await readScsiDevice(context.files, hctl);
  if (device === undefined) return { kind: 'already-gone' };
  if (device.wwid !== wwid) {
    return {
      kind: 'refused',
      said: `${hctl} states ${device.wwid ?? 'no WWID'}, expected ${wwid}`,
    };
  }
  try {
    await context.kernel.write(`/sys/class/scsi_device/${hctl}/device/delete`, '1', WRITE_WATCH_MS);
  } catch (error) {
    // Somebody else's deletion came first.
    if (isAbsence(error)) return { kind: 'already-gone' };
    throw error;
  }
  return { kind: 'done' };
}
