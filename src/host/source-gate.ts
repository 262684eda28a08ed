import { targetNameKey } from '../contract/target-name.js';
import type { ScsiDeviceFact, SessionFact } from './facts.js';
import { scsiHostOf } from './sysfs/scsi-device.js';
import { failed, listed, nameAll, nameOf, passed, type Gate } from './gate.js';

/** What is seen of a volume before it is handed out. */
export interface SourceFacts {
  readonly wwid: string;
  /** Every device of the host that states the WWID. */
  readonly devices: readonly ScsiDeviceFact[];
  readonly sessions: readonly SessionFact[];
  /** The targets the volume is wanted from. */
  readonly targets: readonly string[];
}

const GATE = 'one-source';

/**
 * The volume comes from the wanted targets alone. A WWID that another target states as well is that of
 * two arrays with one serial number, as cloned or mis-configured ones have: a map over both would mix
 * their data (peers.md, genestack#451).
 */
export function volumeHasOneSource({ wwid, devices, sessions, targets }: SourceFacts): Gate {
  const wanted = new Set(targets.map(targetNameKey));
  const foreign = devices.flatMap((device) => {
    const target = targetOf(device, sessions);
    if (target !== undefined && wanted.has(targetNameKey(target))) return [];
    return [`${nameOf(device)} from ${target ?? 'no iSCSI target'}`];
  });
  return foreign.length === 0
    ? passed(GATE, `${wwid} comes from ${listed(targets)} alone: ${nameAll(devices)}`)
    : failed(GATE, `${wwid} is wanted from ${listed(targets)}, and is also ${foreign.join(', ')}`);
}

/** The target whose session has a device's SCSI host. */
function targetOf(device: ScsiDeviceFact, sessions: readonly SessionFact[]): string | undefined {
  const scsiHost = scsiHostOf(device);
  return sessions.find((session) => session.scsiHost === scsiHost)?.targetIqn;
}
