import type { ScsiDeviceFact } from '../host/facts.js';
import { placeSessions, readSession } from '../host/sysfs/iscsi-session.js';
import { scsiHostOf } from '../host/sysfs/scsi-device.js';
import type { HostContext } from './host-context.js';

/** A portal that takes a connection does so in milliseconds. */
const KNOCK_MS = 1_000;

/**
 * The devices whose portal takes no connection now, by `hctl`. The kernel itself needs 10 s and more to
 * see that a path is dead, and whatever is sent over it until then waits so long.
 */
export async function findUnreachable(
  host: HostContext,
  devices: readonly ScsiDeviceFact[],
): Promise<ReadonlySet<string>> {
  if (devices.length === 0) return new Set();
  const above = new Set(devices.map(scsiHostOf));
  const places = (await placeSessions(host.files)).filter(({ scsiHost }) => above.has(scsiHost));
  const read = await Promise.all(places.map(({ sid }) => readSession(host.files, sid)));
  const sessions = read
    .filter((session) => session !== undefined)
    // Another interface may have another way there.
    .filter(({ iface }) => iface === 'default');
  const answers = await Promise.all(
    sessions.map(({ portal }) => host.network.knock(portal, KNOCK_MS)),
  );
  const dead = new Set(
    sessions.flatMap(({ scsiHost }, index) => (answers[index] === 'open' ? [] : [scsiHost])),
  );
  return new Set(devices.filter((device) => dead.has(scsiHostOf(device))).map(({ hctl }) => hctl));
}
