import type { Call, Read, Use, Write } from './evidence.js';
import { withinOrNothing } from './patience.js';
import type { DeedOf } from './plan.js';
import { readSlot, writeSlot, type World } from './world.js';

/** A device that hangs gives no answer, and its reader goes away. */
const READ_MS = 400;
const UNUSE_MS = 3_000;

interface Handed {
  readonly device: string;
  readonly wwid: string;
  readonly block: string;
}

type Place = Pick<DeedOf<'write'>, 'volume' | 'host'>;

/**
 * Who the volumes are for. Uses a device only while it is certainly theirs: from the answer of an
 * attach until somebody asks to end it.
 */
export class VolumeUser {
  readonly reads: Read[] = [];
  readonly writes: Write[] = [];
  readonly uses: Use[] = [];
  readonly #world: World;
  readonly #handed = new Map<string, Handed>();
  /** When the end of an attachment was asked for last, by volume and host. */
  readonly #ended = new Map<string, number>();
  /** When a request id was sent first: a repetition may be answered from before an end. */
  readonly #firstSent = new Map<string, number>();
  readonly #release = new Set<() => Promise<void>>();
  #slot = 0;
  #mounts = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Slots of a volume that may have been written. */
  get slots(): number {
    return this.#slot + 1;
  }

  onSent(requestId: string): void {
    if (!this.#firstSent.has(requestId)) this.#firstSent.set(requestId, performance.now());
  }

  /** Somebody ends an attachment, or all of a host: its device is no longer ours. */
  onEnd({ volume, host }: { readonly volume?: number; readonly host: number }): void {
    this.#world.plan.volumes.forEach((_volume, index) => {
      if (volume !== undefined && volume !== index) return;
      this.#ended.set(keyOf({ volume: index, host }), performance.now());
      this.#handed.delete(keyOf({ volume: index, host }));
    });
  }

  /** Takes a device that was handed out, and looks whose it is. */
  async onAnswer(call: Call): Promise<void> {
    const { deed, ok } = call;
    if (deed.kind !== 'attach' || !isDevice(ok)) return;
    const sentAtMs = this.#firstSent.get(deed.requestId) ?? call.sentAtMs;
    const key = keyOf(deed);
    const isMine = (): boolean => (this.#ended.get(key) ?? -Infinity) < sentAtMs;
    if (!isMine()) return;
    const { device, wwid } = ok;
    const atMs = performance.now();
    const { hostId } = call;
    const text = await withinOrNothing(READ_MS, readSlot(this.#world.host(deed.host), device, 0));
    if (!isMine()) return;
    this.#handed.set(key, { device, wwid, block: device.replace('/dev/', '') });
    const expectedRight = deed.expect === 'right';
    const read = { volume: deed.volume, hostId, device, wwid, atMs, expectedRight };
    this.reads.push({ ...read, ...(text === undefined ? {} : { text }) });
    const { volume, host, then, forMs = 0 } = deed;
    if (then === 'write') await this.write({ volume, host });
    else if (then !== undefined) await this.use({ kind: then, volume, host, forMs });
  }

  /** Writes through a device that is known to be there, and leaves it dirty. */
  async writeThrough(place: Place, handed: Pick<Handed, 'device' | 'wwid'>): Promise<void> {
    const block = handed.device.replace('/dev/', '');
    this.#handed.set(keyOf(place), { ...handed, block });
    await this.write(place);
  }

  /** Writes a pattern into a place of its own; dirty until something writes it back. */
  async write(place: Place): Promise<void> {
    const handed = this.#handed.get(keyOf(place));
    if (handed === undefined) return;
    const host = this.#world.host(place.host);
    this.#slot += 1;
    const slot = this.#slot;
    const text = `pattern ${slot} for volume ${place.volume}`;
    const written = await writeSlot(host, handed.device, slot, text).then(
      () => true,
      () => false,
    );
    if (!written || this.#handed.get(keyOf(place)) !== handed) return;
    const { wwid } = handed;
    const { volume } = place;
    this.writes.push({ volume, hostId: host.hostId, slot, text, wwid, atMs: performance.now() });
  }

  /** Mounts the device, or has a program open it, and leaves it later. */
  async use(deed: DeedOf<'mount' | 'hold-open'>): Promise<void> {
    const handed = this.#handed.get(keyOf(deed));
    if (handed === undefined) return;
    const host = this.#world.host(deed.host);
    const { control } = host.simulated;
    const { device, block } = handed;
    const { volume } = deed;
    const use: Use = {
      ...{ volume, hostId: host.hostId, block },
      fromMs: performance.now(),
      untilMs: Infinity,
    };
    const boots = host.boots.length;
    let leave: () => Promise<void>;
    try {
      if (deed.kind === 'mount') {
        this.#mounts += 1;
        const point = `/mnt/${this.#mounts}`;
        await control.mount(device, point);
        leave = () => control.unmount(point);
      } else {
        const open = await control.holdOpen(device);
        leave = () => control.close(open);
      }
    } catch {
      return;
    }
    this.uses.push(use);
    const release = async (): Promise<void> => {
      if (!this.#release.delete(release)) return;
      use.untilMs = performance.now();
      // A boot has ended it; its writing back may hang with the device.
      if (host.boots.length === boots) await withinOrNothing(UNUSE_MS, leave());
    };
    this.#release.add(release);
    setTimeout(() => void release(), deed.forMs);
  }

  /** Leaves everything. */
  async leaveAll(): Promise<void> {
    await Promise.all([...this.#release].map((release) => release()));
  }
}

function keyOf({ volume, host }: Place): string {
  return `${volume}@${host}`;
}

function isDevice(answer: unknown): answer is { device: string; wwid: string } {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'device' in answer &&
    typeof answer.device === 'string'
  );
}
