import { formatPortal, parsePortal } from '../../contract/portal.js';
import type { DiskDirectory } from '../files/disk-files.js';
import {
  newNodeRecord,
  NO_TPGT,
  parseNodeRecord,
  type DiscoverySource,
  type NodeRecord,
} from './node-record.js';
import { withSetting } from './settings-text.js';

/** Where Debian's open-iscsi keeps its records. */
export const NODES_DIRECTORY = '/etc/iscsi/nodes';
const SOURCES_DIRECTORY = '/etc/iscsi/send_targets';

/** A portal as it was typed, without brackets: letter case and zeros stay. */
export interface TypedPortal {
  readonly address: string;
  readonly port: number;
  /** Typed behind a comma. */
  readonly tpgt?: number;
}

/** Which records are meant; what is left out may be anything. */
export interface RecordPattern {
  readonly iqn?: string;
  readonly portal?: TypedPortal;
  readonly iface?: string;
}

/** What a new record is made of. */
export interface NewRecord {
  readonly iqn: string;
  readonly portal: TypedPortal;
  readonly iface: string;
  readonly source?: DiscoverySource;
}

/** A record with its place. */
export interface StoredRecord extends NodeRecord {
  readonly path: string;
}

/**
 * open-iscsi's node database as it is on the disk: no memory of its own, so whoever edits a file has
 * edited the database.
 *
 * A record made without a portal group tag is the file `<address>,<port>`, one for all ifaces: the
 * last one wins. One with a tag, as a discovery makes them, is `<address>,<port>,<tag>/<iface>`.
 */
export class NodeDatabase {
  readonly #disk: DiskDirectory;

  constructor(disk: DiskDirectory) {
    this.#disk = disk;
  }

  /** Replaces a record that is there: its settings are the defaults again, as with 2.1.8. */
  create(record: NewRecord): void {
    const { iqn, portal, iface, source } = record;
    const { address, port, tpgt = NO_TPGT } = portal;
    const path = pathOf(record);
    const text = newNodeRecord({
      ...{ iqn, address, port, iface, tpgt },
      ...(source === undefined ? {} : { source }),
    });
    this.#disk.write(path, text, 0o600);
    if (source !== undefined && tpgt !== NO_TPGT) {
      this.#disk.writeLink(linkPath({ iqn, address, port, tpgt, iface, source }), dirname(path));
    }
  }

  /** What a full disk leaves of a new record. */
  createEmpty(record: NewRecord): void {
    this.#disk.write(pathOf(record), '', 0o600);
  }

  /** Whether a record without content is in the place of a new one: 2.1.8 does not write over it. */
  isTaken(record: NewRecord): boolean {
    return this.#disk.read(pathOf(record)) === '';
  }

  /** Letter by letter, as iscsiadm compares. */
  match({ iqn, portal, iface }: RecordPattern): StoredRecord[] {
    return this.all().filter(
      (record) =>
        (iqn === undefined || record.iqn === iqn) &&
        (iface === undefined || record.iface === iface) &&
        (portal === undefined || isAt(record, portal)),
    );
  }

  update({ path }: StoredRecord, name: string, value: string): void {
    const text = this.#disk.read(path);
    if (text !== undefined) this.#disk.write(path, withSetting(text, name, value), 0o600);
  }

  /** With the link of its discovery, and the directories that are empty then. */
  delete(record: StoredRecord): void {
    const { path, source } = record;
    this.#disk.remove(path);
    for (let above = dirname(path); above !== NODES_DIRECTORY; above = dirname(above)) {
      this.#disk.remove(above);
    }
    if (source !== undefined) this.#disk.remove(linkPath({ ...record, source }));
  }

  all(): StoredRecord[] {
    return this.#disk.files(NODES_DIRECTORY).map(({ path, text }) => ({
      ...parseNodeRecord(text),
      path: `${NODES_DIRECTORY}/${path}`,
    }));
  }
}

/** Normalised portal of a record. */
export function recordPortal(record: Pick<NodeRecord, 'address' | 'port'>): string {
  return formatPortal(parsePortal(formatPortal(record)));
}

/** Directory of what one discovery portal has led to. */
export function sourceDirectory({ address, port }: DiscoverySource): string {
  return `${SOURCES_DIRECTORY}/${address},${port}`;
}

function pathOf({ iqn, portal, iface }: NewRecord): string {
  const { address, port, tpgt = NO_TPGT } = portal;
  const place = `${NODES_DIRECTORY}/${iqn}/${address},${port}`;
  return tpgt === NO_TPGT ? place : `${place},${tpgt}/${iface}`;
}

function linkPath(
  record: Pick<NodeRecord, 'iqn' | 'address' | 'port' | 'tpgt' | 'iface'> & {
    readonly source: DiscoverySource;
  },
): string {
  const { iqn, address, port, tpgt, iface, source } = record;
  return `${sourceDirectory(source)}/${iqn},${address},${port},${tpgt},${iface}`;
}

function isAt(record: NodeRecord, { address, port, tpgt = NO_TPGT }: TypedPortal): boolean {
  const tagFits = tpgt === NO_TPGT || record.tpgt === tpgt;
  return record.address === address && record.port === port && tagFits;
}

function dirname(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
