import type { VolumeDeviceResult } from '../model/steps.js';
import { attachSteps } from './activity-proxies.js';
import type { Ledger } from './ledger.js';

/**
 * Whether what the ledger says is attached is still there: one cheap look at sysfs.
 *
 * @throws the look's failure: unknown is not "gone"
 */
export async function stillHolds(ledger: Ledger, volume: VolumeDeviceResult): Promise<boolean> {
  const { deadlineMs, hostWaitMs, removalWaitMs } = ledger.policy;
  const steps = attachSteps(ledger.key.hostId, {
    summary: 'look whether the volume is still attached',
    takesMs: removalWaitMs,
    hostWaitMs,
    remainingMs: deadlineMs,
  });
  const seen = await steps.inspectAttachment({
    ...ledger.stepBase,
    paths: ledger.touchedPaths.map(({ host }) => host),
    wwid: volume.wwid,
  });
  const expectsMap = volume.kind === 'multipath';
  return (
    seen.bootId === volume.bootId &&
    seen.devices.length > 0 &&
    (seen.map !== undefined) === expectsMap &&
    (seen.map === undefined || seen.map.device === volume.device)
  );
}
