import { createFailure } from '../contract/failures.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import type { DmFact } from '../host/facts.js';
import { isNamedByUdev, leadsTo, mapLink } from '../host/stable-path.js';
import { findMap } from '../host/sysfs/dm-map.js';
import { readScsiDevice } from '../host/sysfs/scsi-device.js';
import { ensureMapInputSchema, type EnsureMapInput, type HostSteps } from '../model/steps.js';
import { isMissingProgram } from '../privileged/command-runner.js';
import type { FormedDevice, Path } from './formed-device.js';
import type { HostContext } from './host-context.js';
import { lookUntil } from './look-until.js';
import { isIn, isReady, mapDevice, unwatchedMapDevice } from './map-device.js';
import { singleDevice } from './single-device.js';
import { bringUpStep } from './step.js';
import { ofDevice } from './step-order.js';
import { usablePaths } from './usable-paths.js';

/**
 * Paths multipathd has not taken in by itself after this are offered to it once more, and then after
 * ever longer pauses: one whose event was handled while the map was being made joins only when asked.
 */
const OFFER_AGAIN_MS = 250;

/**
 * Makes sure of the device over the paths: the multipath map, asked for explicitly (Debian's default
 * `find_multipaths strict` makes none by itself), or the one path device.
 *
 * Repeatable; with more paths than before the map takes in the new ones.
 *
 * @throws MultipathUnavailable - permanent: required, and multipathd does not answer
 * @throws MapNotFormed, MapNotUsable - passing: not within `waitMs`
 * @throws WrongVolume - permanent: a path is another volume than the others, or of another size
 */
export function ensureMapStep(host: HostContext): HostSteps['ensureMap'] {
  return bringUpStep(host, ensureMapInputSchema, ofDevice, async ({ input, signal }) => {
    const paths = await readPaths(host, input);
    if (input.multipath === 'off') return singleDevice(host, { ...input, signal }, paths, []);
    const form = async (): Promise<FormedDevice> => {
      await awaitUdev(host, input, signal);
      const silence = await askForMap(host, input, signal);
      if (silence !== undefined) {
        if (input.multipath === 'required') {
          throw createFailure('MultipathUnavailable', `No multipathd: ${silence}`);
        }
        // A path below a map is never handed out beside it.
        const map = await findMap(host.files, input.wwid);
        if (map !== undefined) return unwatchedMapDevice(host, input, map, paths, silence);
        return singleDevice(host, { ...input, signal }, paths, [
          `no multipathd (${silence}): the volume hangs on one path and does not survive its loss`,
        ]);
      }
      const map = await awaitMap(host, input, paths, signal);
      return mapDevice(host, input, map, paths);
    };
    return host.mapLocks.run(input.wwid, form, signal);
  });
}

/**
 * multipathd learns of a disk from udev, and refuses a map it is asked for before that; to be refused
 * costs more than to look. A disk that udev gives no name we know is asked for all the same.
 */
async function awaitUdev(
  host: HostContext,
  { wwid }: EnsureMapInput,
  signal: AbortSignal,
): Promise<void> {
  const { udevWaitMs } = FIXED_BOUNDS;
  await lookUntil({ waitMs: udevWaitMs, signal }, async () =>
    (await isNamedByUdev(host.files, wwid)) ? true : undefined,
  );
}

/**
 * Asks multipathd for the map. A daemon that gives no answer may be restarting, so it is asked again
 * for a while; on a host without multipath-tools there is nothing to wait for.
 *
 * @returns why there is no multipathd, or `undefined` when it has taken the request
 */
async function askForMap(
  host: HostContext,
  { wwid, devices, waitMs }: EnsureMapInput,
  signal: AbortSignal,
): Promise<string | undefined> {
  let said = '';
  const limitMs = Math.min(waitMs, FIXED_BOUNDS.multipathdWaitMs);
  try {
    const answer = await lookUntil({ waitMs: limitMs, signal }, async () => {
      const asked = await host.verbs.ensureMap({ wwid, paths: devices });
      if (asked.kind === 'refused') throw createFailure('WrongVolume', asked.said, { wwid });
      if (asked.kind !== 'not-ready') return true;
      ({ said } = asked);
      return undefined;
    });
    return answer === true ? undefined : said;
  } catch (error) {
    if (isMissingProgram(error)) return error.message;
    throw error;
  }
}

/** The paths as they are now; one that has another identity meanwhile is refused. */
async function readPaths(host: HostContext, { wwid, devices }: EnsureMapInput): Promise<Path[]> {
  const read = await Promise.all(devices.map(({ hctl }) => readScsiDevice(host.files, hctl)));
  const paths = read.filter((device): device is Path => device?.block !== undefined);
  const stranger = paths.find((path) => path.wwid !== wwid);
  if (stranger !== undefined) {
    throw createFailure(
      'WrongVolume',
      `${stranger.block} (${stranger.hctl}) is ${stranger.wwid ?? 'without identity'}, not ${wwid}`,
      { hctl: stranger.hctl, seen: stranger.wwid, expected: wwid },
    );
  }
  if (paths.length === 0) {
    throw createFailure('MapNotFormed', `No path of ${wwid} is left on the host`, { wwid });
  }
  return paths;
}

/**
 * Waits for the map with all the paths it should have, and for its link; at the end of the time a map
 * with some of them is good, since multipathd takes in the others by itself.
 */
async function awaitMap(
  host: HostContext,
  { wwid, devices, waitMs }: EnsureMapInput,
  paths: readonly Path[],
  signal: AbortSignal,
): Promise<DmFact> {
  let latest: DmFact | undefined;
  let offerAtMs = OFFER_AGAIN_MS;
  const complete = await lookUntil({ waitMs, signal }, async (waitedMs) => {
    latest = await findMap(host.files, wwid);
    if (latest === undefined || !isReady(latest) || !paths.every(isIn(latest))) {
      if (waitedMs > offerAtMs) {
        offerAtMs *= 2;
        await host.verbs.ensureMap({ wwid, paths: devices });
      }
      return undefined;
    }
    if (!(await leadsTo(host.files, mapLink(wwid), latest.block))) return undefined;
    // An iscsid that is restarted blocks its paths for a moment.
    return (await takesIo(host, latest, paths)) ? latest : undefined;
  });
  const map = complete ?? latest;
  if (map === undefined || !paths.some(isIn(map))) {
    throw createFailure(
      'MapNotFormed',
      `multipathd made no map of ${wwid} over ${paths.length} paths within ${waitMs} ms`,
      { wwid, paths: paths.map(({ hctl }) => hctl) },
    );
  }
  if (!isReady(map)) {
    throw createFailure('MapNotUsable', `The map ${map.name} is suspended`, { wwid });
  }
  if (complete === undefined && !(await takesIo(host, map, paths))) {
    throw createFailure('MapNotUsable', `No path of the map ${map.name} takes I/O`, {
      wwid,
      paths: paths.filter(isIn(map)).map(({ hctl }) => hctl),
    });
  }
  return map;
}

/** Whether one of the map's paths is usable, as they are now. */
async function takesIo(host: HostContext, map: DmFact, paths: readonly Path[]): Promise<boolean> {
  const carriers = paths.filter(isIn(map));
  const now = await Promise.all(carriers.map(({ hctl }) => readScsiDevice(host.files, hctl)));
  const there = now.filter((device) => device !== undefined);
  return (await usablePaths(host, there)).length > 0;
}
