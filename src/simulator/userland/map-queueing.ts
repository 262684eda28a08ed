import type { BootEnvironment } from '../boot-environment.js';
import type { DeviceMapper, DmDevice } from '../kernel/device-mapper.js';
import type { ScsiLayer } from '../kernel/scsi-layer.js';

interface Parts extends BootEnvironment {
  readonly scsi: ScsiLayer;
  readonly mapper: DeviceMapper;
}

/** Whether a device-mapper device is multipath's. */
export function isMultipath({ uuid }: DmDevice): boolean {
  return uuid.startsWith('mpath-');
}

/**
 * multipathd's `no_path_retry`: a map whose last path failed goes on queueing for a while, then
 * fails what waits and what comes; with a path it queues again.
 */
export function watchQueueing(parts: Parts, isDaemonRunning: () => boolean): void {
  const { boot, changes, durations, mapper, scsi } = parts;
  const counting = new Set<DmDevice>();

  // A path that is blocked may yet answer; only one that was given up has failed.
  const hasPath = ({ slaves }: DmDevice): boolean =>
    slaves.some((slave) => {
      const state = scsi.ofBlock(slave)?.state;
      return state === 'running' || state === 'blocked';
    });

  const countDown = async (map: DmDevice): Promise<void> => {
    counting.add(map);
    const settled = (): boolean => hasPath(map) || mapper.ofBlock(map.block) !== map;
    if (!(await boot.waitFor(settled, () => changes.next(), durations.noPathRetry))) {
      mapper.setQueueing(map, false);
    }
    counting.delete(map);
  };

  changes.onRing(() => {
    if (!isDaemonRunning()) return;
    for (const map of mapper.devices.filter(isMultipath)) {
      if (hasPath(map)) mapper.setQueueing(map, true);
      else if (map.queueIfNoPath && !counting.has(map)) void countDown(map);
    }
  });
}
