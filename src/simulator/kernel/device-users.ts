/** A mount of a block device. */
export interface Mount {
  readonly id: number;
  readonly block: string;
  readonly point: string;
}

/** Who has block devices open: programs, mounts, swap. Holders above are device-mapper's. */
export class DeviceUsers {
  readonly #opens = new Map<number, string>();
  readonly #mounts = new Map<string, Mount>();
  readonly #swaps = new Set<string>();
  #lastOpen = 0;
  #lastMount = FIRST_MOUNT_ID;

  get mounts(): readonly Mount[] {
    return [...this.#mounts.values()];
  }

  get swaps(): readonly string[] {
    return [...this.#swaps];
  }

  get opens(): readonly { readonly open: number; readonly block: string }[] {
    return [...this.#opens].map(([open, block]) => ({ open, block }));
  }

  open(block: string): number {
    this.#lastOpen += 1;
    this.#opens.set(this.#lastOpen, block);
    return this.#lastOpen;
  }

  /** @returns what was open, when the number was one */
  close(open: number): string | undefined {
    const block = this.#opens.get(open);
    this.#opens.delete(open);
    return block;
  }

  mount(block: string, point: string): void {
    this.#lastMount += 1;
    this.#mounts.set(point, { id: this.#lastMount, block, point });
  }

  unmount(point: string): string | undefined {
    const block = this.#mounts.get(point)?.block;
    this.#mounts.delete(point);
    return block;
  }

  swapOn(block: string): void {
    this.#swaps.add(block);
  }

  swapOff(block: string): void {
    this.#swaps.delete(block);
  }

  count(block: string): number {
    const opens = [...this.#opens.values()].filter((open) => open === block).length;
    const mounts = this.mounts.filter((mount) => mount.block === block).length;
    return opens + mounts + (this.#swaps.has(block) ? 1 : 0);
  }
}

/** The machine's own mounts have the lower ids. */
const FIRST_MOUNT_ID = 40;
