const BLOCK_BYTES = 4096;

/** The bytes of a volume or of a write-back cache, kept only where something was written. */
export class VolumeContent {
  readonly #blocks = new Map<number, Uint8Array>();
  /** Which bytes of a block were written, for caches that lie over another content. */
  readonly #written = new Map<number, Uint8Array>();

  get isEmpty(): boolean {
    return this.#blocks.size === 0;
  }

  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const index = Math.floor((offset + done) / BLOCK_BYTES);
      const start = (offset + done) % BLOCK_BYTES;
      const length = Math.min(BLOCK_BYTES - start, bytes.length - done);
      blockOf(this.#blocks, index).set(bytes.subarray(done, done + length), start);
      blockOf(this.#written, index).fill(1, start, start + length);
      done += length;
    }
  }

  /** Reads, with what was never written taken from below: zeros, or the content given. */
  read(offset: number, length: number, below?: VolumeContent): Uint8Array {
    const bytes = below === undefined ? new Uint8Array(length) : below.read(offset, length);
    for (let at = 0; at < length; at += 1) {
      const index = Math.floor((offset + at) / BLOCK_BYTES);
      const start = (offset + at) % BLOCK_BYTES;
      if (this.#written.get(index)?.[start] === 1)
        bytes[at] = this.#blocks.get(index)?.[start] ?? 0;
    }
    return bytes;
  }

  /** Writes all of this into another content: what a flush does. */
  copyTo(target: VolumeContent): void {
    for (const [index, written] of this.#written) {
      const block = blockOf(this.#blocks, index);
      for (let at = 0; at < BLOCK_BYTES; at += 1) {
        if (written[at] === 1) target.write(index * BLOCK_BYTES + at, block.subarray(at, at + 1));
      }
    }
  }

  clear(): void {
    this.#blocks.clear();
    this.#written.clear();
  }
}

function blockOf(blocks: Map<number, Uint8Array>, index: number): Uint8Array {
  const found = blocks.get(index) ?? new Uint8Array(BLOCK_BYTES);
  blocks.set(index, found);
  return found;
}
