/** A mount of a block device. */
export interface Mount {
  readonly id: number;
  readonly block: string;
  readonly point: string;
}

/** A program that has a block device open, or mounted where only it sees that. */
export interface Program {
  readonly open: number;
  readonly block: string;
  readonly name: string;
  /** In a mount namespace of its own; absent for one that has the device itself open. */
  readonly mountPoint?: string;
}

/** Who has block devices open: programs, mounts, swap. Holders above are device-mapper's. */
export class DeviceUsers {
  readonly #programs = new Map<number, Program>();
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

  get programs(): readonly Program[] {
    return [...this.#programs.values()];
  }

  open(block: string, name: string): number {
    return this.#start({ block, name });
  }

  /** Mounts a device in the namespace of a program of its own, as containers do. */
  mountElsewhere(block: string, mountPoint: string): number {
    return this.#start({ block, name: 'container', mountPoint });
  }

  /** @returns what was open, when the number was one */
  close(open: number): string | undefined {
    const block = this.#programs.get(open)?.block;
    this.#programs.delete(open);
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
    const opens = this.programs.filter((program) => program.block === block).length;
    const mounts = this.mounts.filter((mount) => mount.block === block).length;
    return opens + mounts + (this.#swaps.has(block) ? 1 : 0);
  }

  #start(program: Omit<Program, 'open'>): number {
    this.#lastOpen += 1;
    this.#programs.set(this.#lastOpen, { open: this.#lastOpen, ...program });
    return this.#lastOpen;
  }
}

/** The machine's own mounts have the lower ids. */
const FIRST_MOUNT_ID = 40;
