import { Buffer } from 'node:buffer';
import type { Guest } from './guest.js';

const SECTOR_BYTES = 512;
/** Where tools put a first partition. */
const FIRST_SECTOR = 2_048;

/** A device-mapper device on top of another. */
export interface Holder {
  readonly name: string;
  readonly uuid: string;
}

/** What an experimenter does with block devices of the guest. */
export class GuestDevices {
  private readonly guest: Guest;
  private readonly holders = new Set<string>();

  constructor(guest: Guest) {
    this.guest = guest;
  }

  async slavesOf(device: string): Promise<readonly string[]> {
    const listing = await this.guest.script(`ls /sys/class/block/$(basename ${device})/slaves`);
    return listing.split(/\s+/).filter((name) => name !== '');
  }

  async write(device: string, text: string): Promise<void> {
    // Padded to a block: less than one would be read first, which proves nothing more.
    await this.guest.script(
      `printf '%s' '${text}' | dd of=${device} bs=4096 conv=sync,fsync status=none`,
    );
  }

  async read(device: string, length: number): Promise<string> {
    // Past the cache: what counts is what the array holds.
    return this.guest.script(
      `dd if=${device} bs=4096 count=1 iflag=direct status=none | head -c ${String(length)}`,
    );
  }

  /** One partition over the whole device. */
  async partition(device: string): Promise<void> {
    const sectors = Number(await this.guest.script(`blockdev --getsz ${device}`));
    const table = partitionTable(sectors - FIRST_SECTOR).toString('base64');
    // Under a lock udev stays away; it would have the kernel read the table at the same time.
    await this.guest.script(`
      flock ${device} sh -c '
        echo ${table} | base64 -d | dd of=${device} bs=${String(SECTOR_BYTES)} conv=fsync status=none
        blockdev --rereadpt ${device}'
      udevadm settle`);
  }

  async addHolder(device: string, { name, uuid }: Holder): Promise<void> {
    await this.guest.script(`
      dmsetup create ${name} --uuid ${uuid} \
        --table "0 $(blockdev --getsz ${device}) linear ${device} 0"`);
    this.holders.add(name);
  }

  async removeHolder(name: string): Promise<void> {
    await this.guest.script(`dmsetup remove --retry ${name}`);
    this.holders.delete(name);
  }

  async rescan(device: string): Promise<void> {
    await this.guest.script(`echo 1 > /sys/class/block/$(basename ${device})/device/rescan`);
  }

  /** Nothing lies on a device any more. */
  async release(): Promise<void> {
    for (const name of this.holders) await this.removeHolder(name);
  }
}

/** A master boot record with one Linux partition. */
function partitionTable(sectors: number): Buffer {
  const table = Buffer.alloc(SECTOR_BYTES);
  const entry = 446;
  table[entry + 4] = 0x83;
  table.writeUInt32LE(FIRST_SECTOR, entry + 8);
  table.writeUInt32LE(sectors, entry + 12);
  table.writeUInt16BE(0x55aa, SECTOR_BYTES - 2);
  return table;
}
