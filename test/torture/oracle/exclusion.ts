import type { Evidence, Sighting } from '../evidence.js';
import { volumeOf, wasReused } from './names.js';

/**
 * A volume nobody ever asked to share is on one host at a time: by its devices, whenever somebody
 * looked, and by mooring's answers.
 */
export function onlyOneHost(evidence: Evidence): string[] {
  const broken = new Set<string>();
  const latest = new Map<string, Sighting>();
  for (const sighting of evidence.sightings) {
    latest.set(sighting.hostId, sighting);
    for (const wwid of sighting.wwids) {
      const volume = volumeOf(evidence, wwid);
      if (volume === undefined || isExempt(evidence, volume)) continue;
      for (const { hostId, wwids } of latest.values()) {
        if (hostId === sighting.hostId || !wwids.includes(wwid)) continue;
        const pair = [hostId, sighting.hostId].sort().join(' and ');
        broken.add(`exclusive volume ${volume} was on ${pair} at the same time`);
      }
    }
  }
  return [...broken, ...entitiesAgree(evidence)];
}

/** A volume attached on two hosts, not shared by both. */
function entitiesAgree({ quiets }: Evidence): string[] {
  return quiets.flatMap(({ entities }) => {
    // One that is still attaching, or was refused, has not been handed out.
    const attached = entities.filter(({ state }) => state === 'attached' || state === 'degraded');
    return attached.flatMap(({ volumeId, hostId, access }) =>
      access === 'exclusive' &&
      attached.some((other) => other.volumeId === volumeId && other.hostId !== hostId)
        ? [`${volumeId} is exclusive on ${hostId} and open on another host as well`]
        : [],
    );
  });
}

function isExempt(evidence: Evidence, volume: number): boolean {
  const isShared = evidence.plan.acts
    .flat()
    .some(
      ({ deed }) => deed.kind === 'attach' && deed.volume === volume && deed.access === 'shared',
    );
  return isShared || wasReused(evidence, volume);
}
