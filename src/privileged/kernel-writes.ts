import { setTimeout as pause } from 'node:timers/promises';
import type { FileWriter } from './file-writer.js';

/**
 * Writes to kernel attributes that may hang: a scan or a deletion over a dead path does not return
 * before the kernel's own timeouts, and cannot be called off.
 *
 * A write that is still under way is waited for instead of made again, so that repeats of a step do
 * not take one thread after the other.
 */
export class KernelWrites {
  readonly #writer: FileWriter;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(writer: FileWriter) {
    this.#writer = writer;
  }

  /**
   * @returns whether the kernel was done with it in time; if not, it goes on by itself
   * @throws what the file writer threw
   */
  async write(path: string, value: string, withinMs: number): Promise<boolean> {
    const key = `${path} ${value}`;
    const write = this.#underWay.get(key) ?? this.#begin(key, path, value);
    const late = new AbortController();
    try {
      return await Promise.race([
        write.then(() => true),
        pause(withinMs, false, { signal: late.signal }),
      ]);
    } finally {
      late.abort();
    }
  }

  /** The values whose write to this attribute has not ended. */
  underWay(path: string): string[] {
    const prefix = `${path} `;
    return [...this.#underWay.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
  }

  #begin(key: string, path: string, value: string): Promise<void> {
    const write = this.#writer.writeAttribute(path, value).finally(() => {
      this.#underWay.delete(key);
    });
    this.#underWay.set(key, write);
    // Its end may come when nobody waits for it any more.
    write.catch(() => undefined);
    return write;
  }
}
