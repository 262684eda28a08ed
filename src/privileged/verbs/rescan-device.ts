import { isAbsence } from '../../host/file-tree.js';
import { readScsiDevice } from '../../host/sysfs/scsi-device.js';
import { requireDevice, requireTimeout } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { AdditionOutcome, IdentifiedDevice } from '../verbs.js';

/** Has the kernel ask a device once more who it is and how large. */
export async function rescanDevice(
  context: VerbContext,
  input: IdentifiedDevice & { readonly timeoutMs: number },
): Promise<AdditionOutcome> {
  requireDevice(input);
  requireTimeout(input.timeoutMs);
  const { hctl, wwid, timeoutMs } = input;
  const device = await readScsiDevice(context.files, hctl);
  if (device?.wwid !== wwid) {
    const seen = device === undefined ? 'is gone' : `states ${device.wwid ?? 'no WWID'}`;
    return { kind: 'refused', said: `${hctl} ${seen}, expected ${wwid}` };
  }
  const path = `/sys/class/scsi_device/${hctl}/device/rescan`;
  try {
    if (await context.kernel.write(path, '1', timeoutMs)) return { kind: 'done' };
    return { kind: 'timed-out', said: `${hctl} has not answered within ${timeoutMs} ms` };
  } catch (error) {
    if (isAbsence(error)) return { kind: 'refused', said: `${hctl} is gone` };
    throw error;
  }
}
