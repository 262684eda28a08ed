import { canonicalAddress, parsePortal } from '../../contract/portal.js';
import type { SessionEnd } from '../../contract/path-key.js';
import { targetNameKey } from '../../contract/target-name.js';
import { ifPresent, type FileTree } from '../file-tree.js';
import { parseSettings } from './node-record.js';

/** Where open-iscsi keeps its settings: Debian 12's place, then that of other distributions. */
const DATABASES = ['/etc/iscsi', '/var/lib/iscsi'] as const;

/** A node record's file. */
export interface NodeRecordFile {
  readonly path: string;
  /** The database's own directory: same file system, and none that iscsiadm reads records from. */
  readonly database: string;
  readonly text: string;
}

/**
 * Finds the node record of a portal, target and iface. Letter case and the spelling of an IPv6 address
 * do not count.
 *
 * @throws what the file tree threw: an unreadable database is not an empty one
 */
export async function findNodeRecord(
  files: FileTree,
  end: SessionEnd & { readonly iface: string },
): Promise<NodeRecordFile | undefined> {
  for (const database of DATABASES) {
    for (const path of await candidatePaths(files, `${database}/nodes`, end)) {
      const text = await ifPresent(files.readText(path));
      if (text !== undefined && ifaceOf(text) === end.iface) return { path, database, text };
    }
  }
  return undefined;
}

/**
 * Files that may hold the record. `<IQN>/<address>,<port>` is one record when it was made without a
 * portal group tag, and `<IQN>/<address>,<port>,<tag>` a directory with a record for each iface.
 */
async function candidatePaths(
  files: FileTree,
  nodes: string,
  end: SessionEnd & { readonly iface: string },
): Promise<string[]> {
  const paths: string[] = [];
  for (const iqn of (await ifPresent(files.list(nodes))) ?? []) {
    if (targetNameKey(iqn) !== targetNameKey(end.iqn)) continue;
    for (const name of (await ifPresent(files.list(`${nodes}/${iqn}`))) ?? []) {
      if (!isPortalName(name, end.portal)) continue;
      const path = `${nodes}/${iqn}/${name}`;
      const ifaces = await ifPresent(files.list(path));
      if (ifaces === undefined) paths.push(path);
      else if (ifaces.includes(end.iface)) paths.push(`${path}/${end.iface}`);
    }
  }
  return paths;
}

function isPortalName(name: string, portal: string): boolean {
  const [address = '', port = ''] = name.split(',');
  const wanted = parsePortal(portal);
  return Number(port) === wanted.port && canonicalAddress(address) === wanted.address;
}

function ifaceOf(text: string): string {
  return parseSettings(text).get('iface.iscsi_ifacename') ?? 'default';
}
