import type { Entity, Evidence, Quiet } from '../evidence.js';
import { designator as designatorOf } from '../wwids.js';
import { strip, type Things } from './things.js';

/**
 * A host has nothing of ours beyond what its open attachments need; without any it is as before:
 * no session, record, device, map, wwids line, link, path of multipathd, claim or note too many.
 */
export function hostsAreClean(evidence: Evidence): string[] {
  return evidence.quiets
    .filter(({ kind }) => kind !== 'uneasy')
    .flatMap((quiet) => evidence.hostIds.flatMap((hostId) => leftOn(evidence, quiet, hostId)));
}

function leftOn(evidence: Evidence, quiet: Quiet, hostId: string): string[] {
  const baseline = evidence.baselines[hostId];
  const look = quiet.looks[hostId];
  if (baseline === undefined || look === undefined) return [`nobody looked at ${hostId}`];
  const entities = quiet.entities.filter((entity) => entity.hostId === hostId);
  const before = strip(baseline);
  const after = strip(look);
  const allowed = entities.length === 0 ? none : ownedBy(evidence, entities);
  return (Object.keys(after) as (keyof Things)[]).flatMap((kind) => {
    const known = new Set(before[kind]);
    return after[kind]
      .filter((thing) => !known.has(thing) && !allowed(kind, thing))
      .map((thing) => `${hostId} has ${kind} too many (${quiet.kind}): ${thing}`);
  });
}

function none(): boolean {
  return false;
}

/** What open attachments may have on their host. Sessions, records and notes name no volume. */
function ownedBy(
  { volumeIds }: Evidence,
  entities: readonly Entity[],
): (kind: keyof Things, thing: string) => boolean {
  // When the array showed another volume in its place, an attachment has that one.
  const owned = entities.flatMap(({ volumeId, wwid }) => [
    designatorOf(volumeIds.indexOf(volumeId)),
    ...(wwid === undefined ? [] : [wwid.slice(1)]),
  ]);
  const byVolume = new Set<keyof Things>(['devices', 'maps', 'wwids', 'links', 'paths']);
  return (kind, thing) => !byVolume.has(kind) || owned.some((text) => names(thing, text));
}

/** A link may name the volume by its serial, which is the second half of the WWID with dashes. */
function names(thing: string, designator: string): boolean {
  return (
    thing.includes(designator) ||
    thing.replaceAll('-', '').includes(designator.slice('6001405'.length))
  );
}
