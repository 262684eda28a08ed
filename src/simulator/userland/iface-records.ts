import type { DiskDirectory } from '../files/disk-files.js';

const IFACES_DIRECTORY = '/etc/iscsi/ifaces';
/** Needs no record. */
const BUILT_IN: ReadonlySet<string> = new Set(['default', 'iser']);

/** open-iscsi's iface records: a file each, by name. */
export class IfaceRecords {
  readonly #disk: DiskDirectory;

  constructor(disk: DiskDirectory) {
    this.#disk = disk;
  }

  has(name: string): boolean {
    return BUILT_IN.has(name) || this.#disk.read(`${IFACES_DIRECTORY}/${name}`) !== undefined;
  }

  add(name: string): void {
    this.#disk.write(
      `${IFACES_DIRECTORY}/${name}`,
      `# BEGIN RECORD 2.1.8
iface.iscsi_ifacename = ${name}
iface.prefix_len = 0
iface.transport_name = tcp
# END RECORD
`,
      0o600,
    );
  }

  delete(name: string): void {
    this.#disk.remove(`${IFACES_DIRECTORY}/${name}`);
  }
}
