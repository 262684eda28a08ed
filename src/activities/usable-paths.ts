import type { ScsiDeviceFact } from '../host/facts.js';
import { readSessions } from '../host/sysfs/iscsi-session.js';
import type { HostContext } from './host-context.js';

/**
 * The devices that take I/O as far as the kernel says: running, below a session that is logged in.
 * A path that has just died looks usable until its session notices.
 */
export async function usablePaths<Device extends ScsiDeviceFact>(
  host: HostContext,
  devices: readonly Device[],
): Promise<Device[]> {
  const sessions = await readSessions(host.files);
  const open = new Set(
    sessions.flatMap(({ state, scsiHost }) => (state === 'LOGGED_IN' ? [scsiHost] : [])),
  );
  return devices.filter(({ state, hctl }) => {
    const scsiHost = Number(hctl.split(':')[0]);
    // A device that is not below an iSCSI session has only its own state to tell by.
    const isIscsi = sessions.some((session) => session.scsiHost === scsiHost);
    return state === 'running' && (!isIscsi || open.has(scsiHost));
  });
}
