import { canonicalAddress, formatPortal, parsePortal, type Portal } from '../../contract/portal.js';
import type { SessionEnd } from '../../contract/path-key.js';
import { targetNameKey } from '../../contract/target-name.js';
import { ifPresent, type FileTree } from '../file-tree.js';
import { parseSettings } from './node-record.js';

/** Where open-iscsi keeps its settings: Debian 12's place, then that of other distributions. */
export const DATABASES = ['/etc/iscsi', '/var/lib/iscsi'] as const;

/** A node record and where it is. */
export interface NodeRecord {
  readonly path: string;
  readonly text: string;
  readonly iface: string;
  /** Target name and portal as the record spells them: iscsiadm compares letter by letter. */
  readonly iqn: string;
  readonly portal: string;
  /** The record is the portal's only one: a record for another iface would replace it. */
  readonly isWholePortal: boolean;
  /**
   * It names no target: what a power cut leaves of a record that iscsiadm had just written, empty or
   * full of zeros. iscsiadm finds no record in it.
   */
  readonly isTorn: boolean;
}

/**
 * The node records of a portal and target, one for each iface. Letter case and the spelling of an IPv6
 * address do not count.
 *
 * @throws what the file tree threw: an unreadable database is not an empty one
 */
export async function findNodeRecords(
  files: FileTree,
  end: SessionEnd,
): Promise<readonly NodeRecord[]> {
  const records: NodeRecord[] = [];
  for (const database of DATABASES) {
    for (const place of await placesOf(files, `${database}/nodes`, end)) {
      const text = await ifPresent(files.readText(place.path));
      if (text === undefined) continue;
      const isTorn = !parseSettings(text).has('node.name');
      records.push({ ...place, text, isTorn, iface: place.iface ?? ifaceOf(text) });
    }
  }
  return records;
}

/** The node record of a portal, target and iface. */
export async function findNodeRecord(
  files: FileTree,
  end: SessionEnd & { readonly iface: string },
): Promise<NodeRecord | undefined> {
  const records = await findNodeRecords(files, end);
  return records.find((record) => record.iface === end.iface);
}

interface Place extends Pick<NodeRecord, 'path' | 'iqn' | 'portal' | 'isWholePortal'> {
  /** Where the directory says it. */
  readonly iface?: string;
}

/**
 * `<IQN>/<address>,<port>` is one record when it was made without a portal group tag, and
 * `<IQN>/<address>,<port>,<tag>` is a directory with a record for each iface.
 */
async function placesOf(files: FileTree, nodes: string, end: SessionEnd): Promise<Place[]> {
  const places: Place[] = [];
  for (const iqn of (await ifPresent(files.list(nodes))) ?? []) {
    if (targetNameKey(iqn) !== targetNameKey(end.iqn)) continue;
    for (const name of (await ifPresent(files.list(`${nodes}/${iqn}`))) ?? []) {
      const portal = portalOf(name);
      if (portal === undefined || !isSamePortal(portal, end.portal)) continue;
      const path = `${nodes}/${iqn}/${name}`;
      const place = { iqn, portal: formatPortal(portal) };
      const ifaces = await ifPresent(files.list(path));
      if (ifaces === undefined) places.push({ ...place, path, isWholePortal: true });
      for (const iface of ifaces ?? []) {
        places.push({ ...place, path: `${path}/${iface}`, iface, isWholePortal: false });
      }
    }
  }
  return places;
}

/** Takes `fd00::7,3260` or `10.0.0.1,3260,1` apart; the address stays as it is spelled. */
function portalOf(name: string): Portal | undefined {
  const [, address, port] = /^([^,]+),(\d{1,5})(?:,-?\d+)?$/.exec(name) ?? [];
  return address === undefined ? undefined : { address, port: Number(port) };
}

function isSamePortal(portal: Portal, wanted: string): boolean {
  const { address, port } = parsePortal(wanted);
  return portal.port === port && canonicalAddress(portal.address) === address;
}

function ifaceOf(text: string): string {
  return parseSettings(text).get('iface.iscsi_ifacename') ?? 'default';
}
