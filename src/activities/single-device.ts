import { createFailure } from '../contract/failures.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import { findStablePath } from '../host/stable-path.js';
import { devicesWithWwid } from '../host/sysfs/scsi-device.js';
import type { EnsureMapInput } from '../model/steps.js';
import {
  checkSize,
  readOnlyWarning,
  requireOneSource,
  type FormedDevice,
  type Path,
} from './formed-device.js';
import type { HostContext } from './host-context.js';
import { lookUntil } from './look-until.js';
import { usablePaths } from './usable-paths.js';

/**
 * One path as the volume's device, where there is no map.
 *
 * @throws MapNotUsable - passing: no path has a size
 * @throws WrongVolume - permanent: of another size than was asked for, or stated by two arrays
 */
export async function singleDevice(
  host: HostContext,
  input: EnsureMapInput & { readonly signal: AbortSignal },
  paths: readonly Path[],
  warnings: readonly string[],
): Promise<FormedDevice> {
  const [path = paths[0]] = await usablePaths(host, paths);
  if (path?.sizeBytes === undefined) {
    throw createFailure('MapNotUsable', `No path of ${input.wwid} has a size`, {
      wwid: input.wwid,
    });
  }
  checkSize(input, path.sizeBytes);
  const { wwid } = input;
  await requireOneSource(host, input, await devicesWithWwid(host.files, wwid));
  const find = () => findStablePath(host.files, { kind: 'single', wwid, block: path.block });
  // udev's link comes up to a second after the disk; a host without one is no reason to fail.
  const { linkWaitMs } = FIXED_BOUNDS;
  const linked = await lookUntil({ waitMs: linkWaitMs, signal: input.signal }, async () => {
    const stable = await find();
    return stable.onlyThisBoot ? undefined : stable;
  });
  const stable = linked ?? (await find());
  return {
    kind: 'single',
    device: `/dev/${path.block}`,
    stablePath: stable.path,
    wwid: input.wwid,
    sizeBytes: path.sizeBytes,
    carriers: [path.hctl],
    warnings: [
      ...warnings,
      ...(stable.onlyThisBoot ? [`no link names ${path.block}: the path holds for this boot`] : []),
      ...(await readOnlyWarning(host, path.block)),
    ],
  };
}
