import type { ScsiDeviceFact } from '../host/facts.js';
import { isLoggedIn, placeSessions } from '../host/sysfs/iscsi-session.js';
import { scsiHostOf } from '../host/sysfs/scsi-device.js';
import type { HostContext } from './host-context.js';

/**
 * The devices that take I/O as far as the kernel says: running, below a session that is logged in.
 * A path that has just died looks usable until its session notices.
 */
export async function usablePaths<Device extends ScsiDeviceFact>(
  host: HostContext,
  devices: readonly Device[],
): Promise<Device[]> {
  const { files } = host;
  const concerned = new Set(devices.map(scsiHostOf));
  const sessions = (await placeSessions(files)).filter(({ scsiHost }) => concerned.has(scsiHost));
  const states = await Promise.all(sessions.map(({ sid }) => isLoggedIn(files, sid)));
  const open = new Set(
    sessions.flatMap(({ scsiHost }, index) => (states[index] === true ? [scsiHost] : [])),
  );
  return devices.filter((device) => {
    const scsiHost = scsiHostOf(device);
    // A device that is not below an iSCSI session has only its own state to tell by.
    const isIscsi = sessions.some((session) => session.scsiHost === scsiHost);
    return device.state === 'running' && (!isIscsi || open.has(scsiHost));
  });
}
