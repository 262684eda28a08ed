import { formatPortal, parsePortal } from '../../contract/portal.js';
import type { DiskDirectory } from '../files/disk-files.js';
import { newNodeRecord, parseNodeRecord, type NodeRecord } from './node-record.js';

/** Where Debian's open-iscsi keeps its records. */
export const NODES_DIRECTORY = '/etc/iscsi/nodes';

/** What names a record. `portal` as it was typed. */
export interface NodeKey {
  readonly iqn: string;
  readonly portal: string;
}

/**
 * open-iscsi's node database as it is on the disk: one file a record, no memory of its own, so
 * whoever edits a file has edited the database.
 *
 * Not modelled: records with a TPGT (`-o new` without `,tpgt` never makes one), several ifaces for
 * one portal (they share the file, the last one wins, as with 2.1.8).
 */
export class NodeDatabase {
  readonly #disk: DiskDirectory;

  constructor(disk: DiskDirectory) {
    this.#disk = disk;
  }

  /** Replaces a record that is there: its settings are the defaults again, as with 2.1.8. */
  create(node: NodeKey & { readonly iface: string }): {
    readonly address: string;
    readonly port: number;
  } {
    const end = typedPortal(node.portal);
    this.#disk.ensureDirectory(NODES_DIRECTORY);
    this.#disk.write(
      recordPath(node),
      newNodeRecord({ iqn: node.iqn, iface: node.iface, ...end }),
      0o600,
    );
    return end;
  }

  find(node: NodeKey & { readonly iface?: string }): NodeRecord | undefined {
    const text = this.#disk.read(recordPath(node));
    if (text === undefined) return undefined;
    const record = parseNodeRecord(text);
    return node.iface === undefined || node.iface === record.iface ? record : undefined;
  }

  delete(node: NodeKey): void {
    this.#disk.remove(recordPath(node));
    this.#disk.remove(`${NODES_DIRECTORY}/${node.iqn}`);
  }

  all(): NodeRecord[] {
    return this.#disk.files(NODES_DIRECTORY).map(({ text }) => parseNodeRecord(text));
  }
}

/** Normalised portal of a record. */
export function recordPortal(record: Pick<NodeRecord, 'address' | 'port'>): string {
  return formatPortal(parsePortal(formatPortal(record)));
}

/** iscsiadm takes the address as it is typed, without the brackets: case and zeros stay. */
export function typedPortal(portal: string): { address: string; port: number } {
  const split = /^\[(.+)\](?::(\d+))?$|^([^:]+)(?::(\d+))?$/.exec(portal);
  const address = split?.[1] ?? split?.[3] ?? portal;
  return { address, port: Number(split?.[2] ?? split?.[4] ?? 3260) };
}

function recordPath({ iqn, portal }: NodeKey): string {
  const { address, port } = typedPortal(portal);
  return `${NODES_DIRECTORY}/${iqn}/${address},${port}`;
}
