import type { Evidence, Quiet } from '../evidence.js';
import type { HostLook } from '../host-look.js';
import { strip, type Things } from './things.js';

/**
 * What was there before mooring is there still, the very same: sessions, records to the letter,
 * devices, maps, wwids lines, links. After a boot: what comes back by itself.
 */
export function nobodyElseIsTouched(evidence: Evidence): string[] {
  return evidence.quiets
    .filter(({ kind }) => kind !== 'uneasy')
    .flatMap((quiet) => evidence.hostIds.flatMap((hostId) => missingOn(evidence, quiet, hostId)));
}

function missingOn(evidence: Evidence, quiet: Quiet, hostId: string): string[] {
  const baseline = evidence.baselines[hostId];
  const look = quiet.looks[hostId];
  if (baseline === undefined || look === undefined) return [];
  const isBooted = evidence.boots[hostId]?.some((atMs) => atMs <= quiet.atMs) === true;
  const [before, after] = isBooted
    ? [withoutPassing(evidence, hostId, strip(baseline)), strip(look)]
    : [exact(baseline), exact(look)];
  return (Object.keys(before) as (keyof Things)[]).flatMap((kind) => {
    const present = new Set(after[kind]);
    // A record of somebody else may say what our login needs, as long as it is needed.
    if (kind === 'records' && quiet.kind === 'quiet') return [];
    return before[kind]
      .filter((thing) => !present.has(thing))
      .map((thing) => `${hostId} lacks ${kind} of somebody else (${quiet.kind}): ${thing}`);
  });
}

/** To the very number: nobody logged out and in again, deleted and scanned again. */
function exact({ snapshot, notes }: HostLook): Things {
  return {
    ...strip({ snapshot, notes }),
    sessions: snapshot.sessions.map(
      ({ session, targetIqn, portal, state }) => `${session} ${targetIqn} at ${portal} ${state}`,
    ),
    devices: snapshot.scsiDevices.map(({ hctl, disk, wwid }) => `${disk} ${hctl} ${wwid ?? ''}`),
    maps: snapshot.maps.map(
      ({ name, label, uuid, slaves }) => `${name} ${label} ${uuid} over ${slaves.join(' ')}`,
    ),
    links: snapshot.links.map(({ name, device }) => `${name} to ${device}`),
    paths: snapshot.multipathdPaths,
  };
}

/** A session an administrator made by hand, and the device on it, are gone after a boot. */
function withoutPassing({ plan, hostIds }: Evidence, hostId: string, things: Things): Things {
  const planned = plan.hosts[hostIds.indexOf(hostId)];
  if (planned?.sharedSession === undefined) return things;
  const stays = (thing: string): boolean => isOfOwnTarget(thing);
  return {
    ...things,
    sessions: things.sessions.filter(stays),
    devices: things.devices.filter(stays),
    links: things.links.filter(stays),
    paths: things.paths.filter(stays),
  };
}

/** Only the administrator's own target and its volume come back: by name, and by WWID. */
function isOfOwnTarget(thing: string): boolean {
  return thing.includes(':office') || /abc06[4-9]/.test(thing.replaceAll('-', ''));
}
