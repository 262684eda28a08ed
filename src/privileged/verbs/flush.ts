import { readScsiDevice } from '../../host/sysfs/scsi-device.js';
import { findMap } from '../../host/sysfs/dm-map.js';
import { requireDevice, requireTimeout, requireWwid } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { IdentifiedDevice, RemovalOutcome } from '../verbs.js';
import { failedEnd } from './failed-end.js';

/** Writes back what is dirty on the map over a unit. */
export async function flushMap(
  context: VerbContext,
  input: { readonly wwid: string; readonly timeoutMs: number },
): Promise<RemovalOutcome> {
  requireWwid(input.wwid);
  requireTimeout(input.timeoutMs);
  const map = await findMap(context.files, input.wwid);
  if (map === undefined) return { kind: 'already-gone' };
  return flush(context, map.block, input.timeoutMs);
}

/** Writes back what is dirty on a single device, if it states the expected WWID. */
export async function flushDevice(
  context: VerbContext,
  input: IdentifiedDevice & { readonly timeoutMs: number },
): Promise<RemovalOutcome> {
  requireDevice(input);
  requireTimeout(input.timeoutMs);
  const { hctl, wwid } = input;
  const device = await readScsiDevice(context.files, hctl);
  if (device?.block === undefined) return { kind: 'already-gone' };
  if (device.wwid !== wwid) {
    return {
      kind: 'refused',
      said: `${hctl} states ${device.wwid ?? 'no WWID'}, expected ${wwid}`,
    };
  }
  return flush(context, device.block, input.timeoutMs);
}

/** `sync FILE` is fsync(2) of that file, and its exit says whether a write got lost. */
async function flush(
  context: VerbContext,
  block: string,
  timeoutMs: number,
): Promise<RemovalOutcome> {
  const end = await context.run({ program: 'sync', args: [`/dev/${block}`], timeoutMs });
  return end.exitCode === 0 && !end.timedOut ? { kind: 'done' } : failedEnd(end);
}
