import { FIXED_BOUNDS } from '../../contract/policy.js';
import { findMap } from '../../host/sysfs/dm-map.js';
import { readScsiDevice } from '../../host/sysfs/scsi-device.js';
import { MissingProgram } from '../command-runner.js';
import { requireDevices, requireWwid } from '../input-checks.js';
import type { SaidEnd, VerbContext } from '../verb-context.js';
import type { AdditionOutcome, IdentifiedDevice } from '../verbs.js';
import { failedEnd } from './failed-end.js';
import { isWwidRemembered } from './is-wwid-remembered.js';

const timeoutMs = FIXED_BOUNDS.toolTimeoutMs;

/**
 * Asks multipathd for the map over these paths. The map comes a moment later; waiting for it is the
 * caller's.
 *
 * The order is that of multipath-tools 0.9.4. `add path` makes sure that the daemon knows the path:
 * its own event may be late. Under `find_multipaths strict` it makes no map of a unit it has never
 * seen, so the WWID is noted as well, which also lets a path whose event comes late join by itself.
 * `add map` then makes the map of what is there, even of a single path.
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
  const [first, ...others] = blocks.filter((block) => map?.slaves.includes(block) !== true);
  if (first === undefined) {
    return map === undefined
      ? { kind: 'failed', said: `no path of ${wwid} is left on the host` }
      : { kind: 'already-so' };
  }
  try {
    return await askForMap(context, { wwid, first, others });
  } catch (error) {
    if (error instanceof MissingProgram) return { kind: 'not-ready', said: error.message };
    throw error;
  }
}

async function askForMap(
  context: VerbContext,
  { wwid, first, others }: { wwid: string; first: string; others: readonly string[] },
): Promise<AdditionOutcome> {
  // The first one alone: a daemon that is not there must not leave a note of the WWID behind.
  const probe = await addPath(context, first);
  if (isSilent(probe)) return { kind: 'not-ready', said: 'multipathd gives no answer' };
  const [, ...rest] = await Promise.all([
    rememberWwid(context, wwid),
    ...others.map((block) => addPath(context, block)),
  ]);
  if ((await findMap(context.files, wwid)) === undefined) {
    const end = await context.run({ program: 'multipathd', args: ['add', 'map', wwid], timeoutMs });
    if (!isAccepted(end)) return failedEnd(end);
  }
  const refusal = [probe, ...rest].find((end) => !isAccepted(end));
  return refusal === undefined ? { kind: 'done' } : failedEnd(refusal);
}

async function addPath(context: VerbContext, block: string): Promise<SaidEnd> {
  return context.run({ program: 'multipathd', args: ['add', 'path', block], timeoutMs });
}

async function rememberWwid(context: VerbContext, wwid: string): Promise<void> {
  if (await isWwidRemembered(context, { wwid })) return;
  await context.run({ program: 'multipath', args: ['-a', wwid], timeoutMs });
}

/** The daemon's client ends with 1 and says nothing when there is no daemon. */
function isSilent(end: SaidEnd): boolean {
  return end.exitCode !== 0 && !end.timedOut && end.stdout.trim() === '';
}

/** A blacklisted path is answered with `blacklisted` and exit 0. */
function isAccepted(end: SaidEnd): boolean {
  return end.exitCode === 0 && !end.timedOut && !/blacklisted|timeout/.test(end.stdout);
}
