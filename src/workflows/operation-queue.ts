/** Runs operations one after the other, first come first served, on plain promises. */
export class OperationQueue {
  private tail: Promise<unknown> = Promise.resolve();

  /** Runs when everything before it has ended; its own failure stops nobody. */
  run<Result>(operation: () => Promise<Result>): Promise<Result> {
    const turn = this.tail.then(operation);
    this.tail = turn.catch(() => undefined);
    return turn;
  }

  /** Makes the next operation wait for this as well, though its caller got an answer already. */
  hold(work: Promise<unknown>): void {
    const before = this.tail;
    this.tail = work.catch(() => undefined).then(() => before);
  }
}
