import { createFailure } from '../contract/failures.js';
import type { VolumeDeviceResult } from '../model/steps.js';
import type { Ledger } from './ledger.js';

/**
 * The exclusive id is the same for every host: who means another one is told so, on record.
 *
 * @param isLeaving - the volume has just left its host, and the run is about to close
 * @throws ApplicationFailure `AttachedElsewhere`, `Busy`
 */
export function refuseOtherHost(
  { key, entry, holdsSomething }: Ledger,
  { hostId, operation, isLeaving }: { hostId: string; operation: string; isLeaving: boolean },
): void {
  if (hostId === key.hostId) return;
  if (!holdsSomething && isLeaving) {
    throw createFailure('Busy', `${key.volumeId} is just leaving ${key.hostId}`, {
      hostId: key.hostId,
    });
  }
  throw createFailure(
    'AttachedElsewhere',
    `Refused to ${operation} ${key.volumeId} on ${hostId}: it is on ${key.hostId}`,
    { hostId: key.hostId, state: entry.state },
  );
}

/** @throws ApplicationFailure `InvalidRequest` when there is nothing to do the operation with */
export function attachedVolume(
  { key, entry, holdsSomething }: Ledger,
  operation: string,
): VolumeDeviceResult {
  const { volume, state } = entry;
  if (volume !== undefined && holdsSomething) return volume;
  throw createFailure(
    'InvalidRequest',
    `${key.volumeId} is not attached to ${key.hostId}: there is nothing to ${operation}`,
    { state },
  );
}
