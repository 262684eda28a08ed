/** Rings when something changed that a waiting flow may care about; the waiter looks for itself. */
export class ChangeBell {
  #waiting: (() => void)[] = [];
  readonly #listeners = new Set<() => void>();

  ring(): void {
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
    for (const listen of this.#listeners) listen();
  }

  /** Resolves at the next ring. */
  next(): Promise<void> {
    return new Promise((wake) => this.#waiting.push(wake));
  }

  /** @returns ends the listening */
  onRing(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
