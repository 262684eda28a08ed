import { createFailure } from '../contract/failures.js';
import type { DmFact, ScsiDeviceFact } from '../host/facts.js';
import { leadsTo, mapLink } from '../host/stable-path.js';
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

/** Whether the map takes I/O at all; of its paths it says nothing. */
export function isReady(map: DmFact): boolean {
  return !map.suspended && map.sizeBytes > 0;
}

/** Whether a path is below the map. */
export function isIn(map: DmFact): (path: Path) => boolean {
  return ({ block }) => map.slaves.includes(block);
}

/**
 * The map as the volume's device.
 *
 * @throws WrongVolume - it lies on another volume too, or has another size than was asked for
 */
export async function mapDevice(
  host: HostContext,
  input: EnsureMapInput,
  map: DmFact,
  paths: readonly Path[],
): Promise<FormedDevice> {
  const carriers = paths.filter(isIn(map));
  const withWwid = await devicesWithWwid(host.files, input.wwid);
  await requireOneSource(host, input, withWwid);
  requireOwnSlaves(input, map, withWwid);
  checkSize(input, map.sizeBytes);
  const missing = paths.length - carriers.length;
  const link = mapLink(input.wwid);
  const isLinked = await leadsTo(host.files, link, map.block);
  return {
    kind: 'multipath',
    device: `/dev/${map.block}`,
    stablePath: link,
    wwid: input.wwid,
    sizeBytes: map.sizeBytes,
    carriers: carriers.map(({ hctl }) => hctl),
    warnings: [
      ...(missing === 0 ? [] : [`${missing} paths are not in the map yet`]),
      ...(isLinked ? [] : [`udev has not made ${link} yet`]),
      ...(await readOnlyWarning(host, map.block)),
    ],
  };
}

/** A map whose daemon gives no answer is as good as its paths are now. */
export async function unwatchedMapDevice(
  host: HostContext,
  input: EnsureMapInput,
  map: DmFact,
  paths: readonly Path[],
  silence: string,
): Promise<FormedDevice> {
  if (!isReady(map)) {
    throw createFailure('MapNotUsable', `The map ${map.name} is suspended`, { wwid: input.wwid });
  }
  const device = await mapDevice(host, input, map, paths);
  const warning = `no multipathd (${silence}): nobody follows the paths of ${map.name}`;
  return { ...device, warnings: [...device.warnings, warning] };
}

/** A map of the right name over somebody else's disks would mix their data. */
function requireOwnSlaves(
  { wwid }: EnsureMapInput,
  map: DmFact,
  withWwid: readonly ScsiDeviceFact[],
): void {
  const ours = new Set(withWwid.map(({ block }) => block));
  const foreign = map.slaves.filter((block) => !ours.has(block));
  if (foreign.length === 0) return;
  throw createFailure(
    'WrongVolume',
    `The map ${map.name} of ${wwid} also lies on ${foreign.join(', ')}, which is another volume`,
    { wwid, map: map.name, foreign },
  );
}
