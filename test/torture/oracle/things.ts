import type { HostLook } from '../host-look.js';

/** What a host has, by kind, in texts that are the same after a boot gave everything new names. */
export interface Things {
  readonly sessions: readonly string[];
  readonly records: readonly string[];
  readonly devices: readonly string[];
  readonly maps: readonly string[];
  readonly wwids: readonly string[];
  readonly links: readonly string[];
  readonly paths: readonly string[];
  /** Claims and notes of mooring's own, in `/run` and beside the records. */
  readonly notes: readonly string[];
}

/** Without session numbers, kernel names and SCSI host numbers. */
export function strip({ snapshot, notes }: HostLook): Things {
  return {
    sessions: numbered(
      snapshot.sessions.map(({ targetIqn, portal }) => `${targetIqn} at ${portal}`),
    ),
    records: snapshot.nodeRecords.map(
      ({ path, sha256, target }) => `${path} ${sha256 ?? ''}${target ?? ''}`,
    ),
    devices: numbered(
      snapshot.scsiDevices.map(({ hctl, wwid }) => `LUN ${hctl.split(':')[3] ?? ''} ${wwid ?? ''}`),
    ),
    maps: numbered(
      snapshot.maps.map(({ uuid, label, slaves }) => `${label} ${uuid} over ${slaves.length}`),
    ),
    wwids: numbered(snapshot.wwids),
    links: snapshot.links.map(
      ({ name, device }) => `${name}${device === 'nowhere' ? ' to nowhere' : ''}`,
    ),
    paths: numbered(snapshot.multipathdPaths.map((path) => path.split(' ')[1] ?? path)),
    notes: [...snapshot.runTree.map(({ path }) => path), ...notes],
  };
}

/** Two alike are two: the second says so. */
function numbered(texts: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return texts.map((text) => {
    const count = (seen.get(text) ?? 0) + 1;
    seen.set(text, count);
    return count === 1 ? text : `${text} (${count})`;
  });
}
