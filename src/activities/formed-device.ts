import { createFailure } from '../contract/failures.js';
import type { ScsiDeviceFact } from '../host/facts.js';
import { volumeHasOneSource } from '../host/source-gate.js';
import { isReadOnly } from '../host/sysfs/block-device.js';
import { readSessions } from '../host/sysfs/iscsi-session.js';
import type { EnsureMapInput, Seen, VolumeDeviceResult } from '../model/steps.js';
import type { HostContext } from './host-context.js';

/** The device over the paths of a volume, without where it was seen. */
export type FormedDevice = Omit<VolumeDeviceResult, keyof Seen>;
/** A path that has its disk. */
export type Path = ScsiDeviceFact & { readonly block: string };

/** Two arrays that state one identity are two volumes. */
export async function requireOneSource(
  host: HostContext,
  { wwid, targets }: EnsureMapInput,
  devices: readonly ScsiDeviceFact[],
): Promise<void> {
  if (targets === undefined) return;
  const sessions = await readSessions(host.files);
  const gate = volumeHasOneSource({ wwid, devices, sessions, targets });
  if (gate.passed) return;
  throw createFailure('WrongVolume', `Refused to hand out ${gate.evidence}`, {
    wwid,
    gates: [gate],
  });
}

/** A volume of another size than was asked for is another volume. */
export function checkSize({ wwid, expectSizeBytes }: EnsureMapInput, sizeBytes: number): void {
  if (expectSizeBytes === undefined || expectSizeBytes === sizeBytes) return;
  throw createFailure(
    'WrongVolume',
    `${wwid} has ${sizeBytes} bytes, expected ${expectSizeBytes}`,
    { seen: sizeBytes, expected: expectSizeBytes },
  );
}

/** Better said now than by the first write. */
export async function readOnlyWarning(host: HostContext, block: string): Promise<string[]> {
  return (await isReadOnly(host.files, block))
    ? [`the array lets nobody write: /dev/${block} is read-only`]
    : [];
}
