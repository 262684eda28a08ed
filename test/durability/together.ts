/** Several that do one thing together, once all have come; who cannot come leaves. */
export class Together {
  private members: number;
  private waiting: (() => void)[] = [];
  private work: (() => Promise<void>) | undefined;
  private failure: Error | undefined;

  constructor(members: number) {
    this.members = members;
  }

  /** Waits until all are here and the work, the same for each, was done once. */
  async do(work: () => Promise<void>): Promise<void> {
    this.work = work;
    const done = new Promise<void>((resolve) => {
      this.waiting.push(resolve);
    });
    this.doIfAllAreHere();
    await done;
    if (this.failure !== undefined) throw this.failure;
  }

  /** The others are not to wait for this one any more. */
  leave(): void {
    this.members -= 1;
    this.doIfAllAreHere();
  }

  private doIfAllAreHere(): void {
    const { work, waiting } = this;
    if (work === undefined || waiting.length === 0 || waiting.length < this.members) return;
    this.waiting = [];
    this.work = undefined;
    void work()
      .catch((error: unknown) => {
        this.failure = error instanceof Error ? error : new Error(String(error));
      })
      .then(() => {
        for (const resolve of waiting) resolve();
      });
  }
}
