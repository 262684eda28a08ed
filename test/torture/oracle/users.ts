import type { Evidence } from '../evidence.js';
import { hasDetached, wasBooted, wasReused } from './names.js';

/** A device that is mounted or open is not taken away, with force neither. */
export function usersKeepTheirDevices(evidence: Evidence): string[] {
  const { calls, uses, volumeIds } = evidence;
  return uses.flatMap(({ volume, hostId, fromMs, untilMs, block }) =>
    calls
      .filter(
        ({ deed, ok, sentAtMs, answeredAtMs, volumeId, hostId: on }) =>
          deed.kind === 'detach' &&
          volumeId === volumeIds[volume] &&
          on === hostId &&
          sentAtMs > fromMs &&
          (answeredAtMs ?? Infinity) < untilMs &&
          hasDetached(ok),
      )
      .filter(({ sentAtMs, answeredAtMs = 0 }) => {
        const isExcused =
          wasBooted(evidence, hostId, fromMs, answeredAtMs) || wasReused(evidence, volume);
        return !isExcused && answeredAtMs > sentAtMs;
      })
      .map(({ volumeId }) => `${volumeId} was detached from ${hostId} while ${block} was in use`),
  );
}
