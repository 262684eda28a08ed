import type { DeviceUser, DmFact, ScsiDeviceFact, SessionFact } from './facts.js';
import { failed, listed, nameAll, nameOf, passed, type Gate } from './gate.js';
import { multipathUuid } from './sysfs/dm-map.js';
import { isSessionTo } from './sysfs/iscsi-session.js';

/** What was seen of the volume on the host. */
export interface RemovalFacts {
  /** The volume's WWID in udev's form. */
  readonly wwid: string;
  /** Every device found by the volume's sessions and LUNs. */
  readonly devices: readonly ScsiDeviceFact[];
  /** Every device that states the WWID, wherever it comes from. */
  readonly devicesWithWwid: readonly ScsiDeviceFact[];
  /** The map over the volume, if there is one. */
  readonly map?: DmFact;
  /** The map's slaves, read once more after a pause: an empty list can be a passing state. */
  readonly slavesAgain: readonly string[];
  /** Users of the map, the devices and their partitions. */
  readonly users: readonly DeviceUser[];
}

/** What was seen of a session and its claims. */
export interface ReleaseFacts {
  readonly session: SessionFact;
  /** Where the attachment's path leads, and by which iface. */
  readonly path: { readonly portal: string; readonly iqn: string; readonly iface: string };
  /** This attachment claims the session. */
  readonly claimed: boolean;
  /** Owners of all other claims on it. */
  readonly otherClaims: readonly string[];
  readonly madeByMooring: boolean;
  /** Every device on the session. This attachment's own have been removed before. */
  readonly devices: readonly ScsiDeviceFact[];
}

/** All gates before the map and the devices of a volume are removed. */
export function removalGates(facts: RemovalFacts): Gate[] {
  return [
    devicesAreTheVolume(facts),
    mapIsTheVolume(facts),
    slavesAreTheVolume(facts),
    noUsers(facts),
  ];
}

/** All gates before a session is logged out. */
export function releaseGates(facts: ReleaseFacts): Gate[] {
  return [
    sessionIsThePaths(facts),
    sessionIsClaimed(facts),
    noOtherClaim(facts),
    sessionMadeByMooring(facts),
    noOtherLun(facts),
  ];
}

/** Every device on the volume's sessions and LUNs states the volume's WWID. */
function devicesAreTheVolume(facts: Pick<RemovalFacts, 'wwid' | 'devices'>): Gate {
  const others = facts.devices.filter((device) => device.wwid !== facts.wwid);
  return others.length === 0
    ? passed(
        'devices-are-the-volume',
        `devices by session and LUN: ${nameAll(facts.devices)}; none with another WWID than ${facts.wwid}`,
      )
    : failed(
        'devices-are-the-volume',
        `expected WWID ${facts.wwid}, but ` +
          others.map((device) => `${nameOf(device)} states ${device.wwid ?? 'none'}`).join(', '),
      );
}

/** The map's dm uuid is exactly that of the multipath map over the volume. */
function mapIsTheVolume({ map, wwid }: Pick<RemovalFacts, 'wwid' | 'map'>): Gate {
  const gate = 'map-is-the-volume';
  const expected = multipathUuid(wwid);
  if (map === undefined) return passed(gate, 'there is no map');
  return map.uuid === expected
    ? passed(gate, `${map.name} (${map.block}) has the uuid ${expected}`)
    : failed(gate, `${map.name} (${map.block}) has the uuid "${map.uuid}", expected ${expected}`);
}

/** Two readings of the map's slaves agree, and each slave is a device with the volume's WWID. */
function slavesAreTheVolume(
  facts: Pick<RemovalFacts, 'wwid' | 'map' | 'devicesWithWwid' | 'slavesAgain'>,
): Gate {
  const gate = 'slaves-are-the-volume';
  const { map, wwid, slavesAgain } = facts;
  if (map === undefined) return passed(gate, 'there is no map');
  const first = listed(map.slaves);
  const second = listed(slavesAgain);
  if (first !== second) {
    return failed(gate, `the slaves of ${map.block} change: ${first}, then ${second}`);
  }
  const ours = new Set(facts.devicesWithWwid.map((device) => device.block));
  const foreign = map.slaves.filter((block) => !ours.has(block));
  return foreign.length === 0
    ? passed(gate, `${map.block} lies on ${first}, read twice, all with WWID ${wwid}`)
    : failed(gate, `${map.block} lies on ${listed(foreign)}, which does not state WWID ${wwid}`);
}

/** Nobody has the map, a device or a partition: no holder, no mount, no swap. */
function noUsers({ users }: Pick<RemovalFacts, 'users'>): Gate {
  return users.length === 0
    ? passed('no-users', 'no holder, mount or swap on the map, the devices or their partitions')
    : failed('no-users', `in use: ${users.map(describeUser).join(', ')}`);
}

/** Target, portal and iface of the session are those of the path; its number alone says nothing. */
function sessionIsThePaths({ session, path }: Pick<ReleaseFacts, 'session' | 'path'>): Gate {
  const gate = 'session-is-the-paths';
  const seen = `session ${session.sid} is to ${session.targetIqn} at ${session.portal} by ${session.iface}`;
  return isSessionTo(session, path)
    ? passed(gate, seen)
    : failed(gate, `${seen}, expected ${path.iqn} at ${path.portal} by ${path.iface}`);
}

/** This attachment said that it uses the session. */
function sessionIsClaimed({ claimed }: Pick<ReleaseFacts, 'claimed'>): Gate {
  return claimed
    ? passed('session-is-claimed', 'this attachment claims the session')
    : failed('session-is-claimed', 'this attachment has no claim on the session');
}

/** No other attachment uses the session. */
function noOtherClaim({ otherClaims }: Pick<ReleaseFacts, 'otherClaims'>): Gate {
  return otherClaims.length === 0
    ? passed('no-other-claim', 'no other attachment claims the session')
    : failed('no-other-claim', `the session is also claimed by ${listed(otherClaims)}`);
}

/** Sessions of others are not ours to end. */
function sessionMadeByMooring({ madeByMooring }: Pick<ReleaseFacts, 'madeByMooring'>): Gate {
  return madeByMooring
    ? passed('session-made-by-mooring', 'mooring made the session')
    : failed('session-made-by-mooring', 'the session was there before mooring');
}

/** No unit is reached through the session any more. */
function noOtherLun({ devices }: Pick<ReleaseFacts, 'devices'>): Gate {
  return devices.length === 0
    ? passed('no-other-lun', 'no device is left on the session')
    : failed('no-other-lun', `the session still carries ${nameAll(devices)}`);
}

function describeUser({ kind, what, name, block }: DeviceUser): string {
  return `${kind} ${name === undefined ? what : `${name} (${what})`} on ${block}`;
}
