import { FIXED_BOUNDS } from '../../contract/policy.js';
import { findMap } from '../../host/sysfs/dm-map.js';
import { readScsiDevice } from '../../host/sysfs/scsi-device.js';
import { requireDevices, requireWwid } from '../input-checks.js';
import type { SaidEnd, VerbContext } from '../verb-context.js';
import type { AdditionOutcome, IdentifiedDevice } from '../verbs.js';
import { failedEnd } from './failed-end.js';

const timeoutMs = FIXED_BOUNDS.toolTimeoutMs;

/**
 * Asks multipathd for the map over these paths. A path whose event is late comes a moment later;
 * waiting for it is the caller's.
 *
 * The order is that of multipath-tools 0.9.4. The daemon knows most paths by their own events, so
 * `add map` alone is enough: asked by name it makes the map of what is there, even of a single path
 * and under `find_multipaths strict`, and notes the WWID, by which later paths join by themselves.
 * Only when it knows no path, or the map lacks some, are paths offered one by one.
 */
export async function ensureMap(
  context: VerbContext,
  input: { readonly wwid: string; readonly paths: readonly IdentifiedDevice[] },
): Promise<AdditionOutcome> {
  const { wwid, paths } = input;
  requireWwid(wwid);
  requireDevices(paths, wwid);
  const devices = await Promise.all(paths.map(({ hctl }) => readScsiDevice(context.files, hctl)));
  const stranger = devices.find((device) => device !== undefined && device.wwid !== wwid);
  if (stranger !== undefined) {
    const seen = stranger.wwid ?? 'no WWID';
    return { kind: 'refused', said: `${stranger.hctl} states ${seen}, expected ${wwid}` };
  }
  const blocks = devices.flatMap((device) => (device?.block === undefined ? [] : [device.block]));
  const map = await findMap(context.files, wwid);
  if (blocks.length === 0)
    return { kind: 'failed', said: `no path of ${wwid} is left on the host` };
  const missing = blocks.filter((block) => map?.slaves.includes(block) !== true);
  if (missing.length === 0) return { kind: 'already-so' };
  return map === undefined ? askForMap(context, wwid, missing) : offerPaths(context, missing);
}

async function askForMap(
  context: VerbContext,
  wwid: string,
  paths: readonly string[],
): Promise<AdditionOutcome> {
  const first = await addMap(context, wwid);
  if (isSilent(first)) return NO_DAEMON;
  if (isAccepted(first)) return { kind: 'done' };
  const offered = await offerPaths(context, paths);
  if (offered.kind !== 'done') return offered;
  const second = await addMap(context, wwid);
  return isAccepted(second) ? { kind: 'done' } : failedEnd(second);
}

async function offerPaths(
  context: VerbContext,
  paths: readonly string[],
): Promise<AdditionOutcome> {
  const ends = await Promise.all(paths.map((block) => addPath(context, block)));
  if (ends.every(isSilent)) return NO_DAEMON;
  const refusal = ends.find((end) => !isAccepted(end));
  return refusal === undefined ? { kind: 'done' } : failedEnd(refusal);
}

const NO_DAEMON: AdditionOutcome = { kind: 'not-ready', said: 'multipathd gives no answer' };

async function addMap(context: VerbContext, wwid: string): Promise<SaidEnd> {
  return context.run({ program: 'multipathd', args: ['add', 'map', wwid], timeoutMs });
}

async function addPath(context: VerbContext, block: string): Promise<SaidEnd> {
  return context.run({ program: 'multipathd', args: ['add', 'path', block], timeoutMs });
}

/** The daemon's client ends with 1 and says nothing when there is no daemon. */
function isSilent(end: SaidEnd): boolean {
  return end.exitCode !== 0 && !end.timedOut && end.stdout.trim() === '';
}

/** A blacklisted path is answered with `blacklisted` and exit 0. */
function isAccepted(end: SaidEnd): boolean {
  return end.exitCode === 0 && !end.timedOut && !/blacklisted|timeout/.test(end.stdout);
}
