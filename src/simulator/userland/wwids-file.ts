import type { DiskDirectory } from '../files/disk-files.js';

const WWIDS_FILE = '/etc/multipath/wwids';

const HEADER = `# Multipath wwids, Version : 1.0
# NOTE: This file is automatically maintained by multipath and multipathd.
# You should not need to edit this file in normal circumstances.
#
# Valid WWIDs:
`;

/** multipath's memory of what is to be multipathed: lines `/<wwid>/`, edited by anybody. */
export class WwidsFile {
  readonly #disk: DiskDirectory;

  constructor(disk: DiskDirectory) {
    this.#disk = disk;
  }

  get wwids(): string[] {
    const lines = (this.#disk.read(WWIDS_FILE) ?? '').split('\n');
    return lines.filter((line) => line.startsWith('/')).map((line) => line.split('/')[1] ?? '');
  }

  has(wwid: string): boolean {
    return this.wwids.includes(wwid);
  }

  add(wwid: string): void {
    if (this.has(wwid)) return;
    this.#disk.write(WWIDS_FILE, `${this.#disk.read(WWIDS_FILE) ?? HEADER}/${wwid}/\n`, 0o600);
  }

  /** @returns whether it was there */
  remove(wwid: string): boolean {
    if (!this.has(wwid)) return false;
    const lines = (this.#disk.read(WWIDS_FILE) ?? '').split('\n');
    // Real multipath makes a comment of the line, in place.
    const edited = lines.map((line) => (line === `/${wwid}/` ? `#${wwid}/` : line));
    this.#disk.write(WWIDS_FILE, edited.join('\n'), 0o600);
    return true;
  }
}
