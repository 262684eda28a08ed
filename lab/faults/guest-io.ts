import type { Content } from '../../test/torture/evidence.js';
import type { Guest } from '../guest.js';
import { FaultArray, SLOT_BYTES } from './fault-array.js';

/** A device that hangs gives no answer, and its reader goes away. */
const IO_MS = 20_000;

/** Who the volumes are for: reads and writes through devices of the guest. */
export class GuestIo {
  private readonly guest: Guest;
  private readonly array: FaultArray;
  private written = 0;

  constructor(guest: Guest) {
    this.guest = guest;
    this.array = new FaultArray(guest);
  }

  /** Reads through a device and its link, writes through it, and sees what the array then has. */
  async use(device: string, link: string, slot: number, volume: number): Promise<Content> {
    this.written += 1;
    const written = `looked at through ${device}, ${String(this.written)}`;
    const byDevice = await told(this.read(device));
    const byLink = await told(this.read(link));
    const wrote = await told(this.write(device, slot, written).then(() => ''));
    const onArray = wrote === '' ? await this.array.textAt(volume, slot) : wrote;
    return { byDevice, byLink, written, onArray };
  }

  /** The last close of a block device writes back what is dirty. */
  async write(device: string, slot: number, text: string): Promise<void> {
    const at = `of=${device} bs=${String(SLOT_BYTES)} seek=${String(slot)}`;
    await this.io(`printf '%s' '${text}' | dd ${at} conv=sync,notrunc status=none`);
  }

  /** Past the cache: what counts is what the array holds. */
  private async read(device: string): Promise<string> {
    const at = `if=${device} bs=${String(SLOT_BYTES)} count=1`;
    return this.io(`dd ${at} iflag=direct status=none | tr -d '\\0'`);
  }

  private async io(bash: string): Promise<string> {
    return this.guest.script(bash, { timeoutMs: IO_MS });
  }
}

/** A text, or how there was none. */
async function told(text: Promise<string>): Promise<string> {
  return text.catch((error: unknown) => `failed: ${String(error)}`);
}
