import type { Call, Evidence, Write } from '../evidence.js';
import { identityOf } from '../identity.js';
import { hasDetached, volumeOf, wasBooted, wasReused } from './names.js';

/** A device that mooring hands out leads to the volume it says, and that is the wanted one. */
export function contentIsRight(evidence: Evidence): string[] {
  return [
    ...readsAreRight(evidence),
    ...quietDevicesAreRight(evidence),
    ...expectationsHold(evidence),
  ];
}

function readsAreRight(evidence: Evidence): string[] {
  return evidence.reads.flatMap(({ volume, hostId, device, wwid, text, atMs, expectedRight }) => {
    const about = `${device} on ${hostId}, handed out for volume ${volume} with WWID ${wwid},`;
    const said = volumeOf(evidence, wwid);
    if (said === undefined) return [`${about} is no volume of the run`];
    if (wasReused(evidence, volume, atMs + 1_000)) return [];
    if (expectedRight && said !== volume) return [`${about} is another than the expected`];
    if (said !== volume) return [`${about} is volume ${said}`];
    // A device that gives no answer may be one whose portal has just gone.
    return text === undefined || text === identityOf(volume) ? [] : [`${about} reads "${text}"`];
  });
}

function quietDevicesAreRight(evidence: Evidence): string[] {
  return evidence.quiets
    .filter(({ kind }) => kind === 'quiet')
    .flatMap(({ entities, bootIds }) =>
      entities.flatMap((entity) => {
        const { workflowId, hostId, volumeId, state, onBoot, content, wwid } = entity;
        if (state !== 'attached' && state !== 'degraded') return [];
        const index = evidence.volumeIds.indexOf(volumeId);
        const about = `${workflowId} on ${hostId}, ${state} as ${String(entity.device)},`;
        if (entity.bootId !== bootIds[hostId]) {
          return state === 'degraded' && onBoot === 'none'
            ? []
            : [`${about} is of an earlier boot of its host`];
        }
        if (content === undefined) return [`${about} names no device`];
        if (wasReused(evidence, index)) return [];
        const { byDevice, byLink, written, onArray } = content;
        return [
          ...(volumeOf(evidence, wwid) === index ? [] : [`${about} has WWID ${String(wwid)}`]),
          ...(byDevice === identityOf(index) ? [] : [`${about} reads "${byDevice}"`]),
          ...(byLink === identityOf(index)
            ? []
            : [`${about} reads "${byLink}" by its link ${String(entity.stablePath)}`]),
          ...(onArray === written ? [] : [`${about} was written, the array has "${onArray}"`]),
        ];
      }),
    );
}

/** A volume that is not the expected one is never handed out. */
function expectationsHold({ calls }: Evidence): string[] {
  return calls
    .filter(({ deed, ok }) => deed.kind === 'attach' && deed.expect === 'wrong' && isDevice(ok))
    .filter((call) => !isRepetition(calls, call))
    .map(({ volumeId, hostId }) => `${volumeId} on ${hostId} was handed out with a wrong WWID`);
}

/** A volume that is attached already is handed out again without a new look at what is expected. */
function isRepetition(calls: readonly Call[], call: Call): boolean {
  const { volumeId, hostId } = call;
  return calls.some(
    (other) =>
      other !== call &&
      other.deed.kind === 'attach' &&
      other.deed.expect !== 'wrong' &&
      other.volumeId === volumeId &&
      other.hostId === hostId &&
      isDevice(other.ok),
  );
}

function isDevice(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'device' in answer;
}

/** What was written and then reported detached is on the array, unless a person gave it up. */
export function writtenIsKept(evidence: Evidence): string[] {
  return evidence.writes.flatMap((write) => {
    const { volume, hostId, slot, text } = write;
    if (wasReused(evidence, volume)) return [];
    const detach = firstDetachAfter(evidence, write);
    if (detach?.answeredAtMs === undefined) return [];
    if (wasBooted(evidence, hostId, write.atMs, detach.answeredAtMs)) return [];
    if (saysLost(detach)) return [];
    const found = evidence.contents[volume]?.[slot] ?? '';
    return found === text
      ? []
      : [
          `"${text}", written on ${hostId}, is "${found}" on the array after a detach that was well`,
        ];
  });
}

function firstDetachAfter({ calls, volumeIds }: Evidence, write: Write): Call | undefined {
  return calls
    .filter(
      ({ deed, ok, sentAtMs, volumeId, hostId }) =>
        deed.kind === 'detach' &&
        sentAtMs >= write.atMs &&
        volumeId === volumeIds[write.volume] &&
        hostId === write.hostId &&
        hasDetached(ok),
    )
    .sort((left, right) => (left.answeredAtMs ?? 0) - (right.answeredAtMs ?? 0))[0];
}

/** A detach that lost something says so. */
function saysLost({ ok }: Call): boolean {
  return /may be lost|loss of data approved|without being written back|was not written back/.test(
    JSON.stringify(ok),
  );
}
