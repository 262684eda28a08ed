import { unlessAborted } from './unless-aborted.js';

/**
 * Exclusion by key: work under one key runs one at a time, in the order of asking; work under
 * different keys runs side by side. Keeps nothing of a key that nobody uses.
 */
export class KeyedMutex {
  /** Per key, the end of the last work that was asked for. */
  readonly #tails = new Map<string, Promise<void>>();

  /** Keys with work that runs or waits. */
  get size(): number {
    return this.#tails.size;
  }

  /**
   * Runs the work when all earlier work under this key has ended, well or not.
   *
   * @param signal - gives up waiting, not working
   * @throws what the work threw, or the signal's reason
   */
  async run<Result>(
    key: string,
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    // Also after a given-up wait the next one must wait for all before.
    const tail = before.then(() => ended);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    try {
      await (signal === undefined ? before : unlessAborted(before, signal));
      return await work();
    } finally {
      end();
    }
  }
}
