/** Work that goes on without a caller: stragglers of an attach, the top-up of missing paths. */
export class Background {
  private running: { readonly cancel: () => void; readonly done: Promise<void> } | undefined;

  get isIdle(): boolean {
    return this.running === undefined;
  }

  /**
   * @param cancel - asks the work to end soon
   * @param onFailure - whatever the work rejects with; nobody else hears of it
   */
  run(work: Promise<void>, cancel: () => void, onFailure: (error: unknown) => void): void {
    const done = work.catch(onFailure).then(() => {
      this.running = undefined;
    });
    this.running = { cancel, done };
  }

  /** Ends what runs, and waits for its end: it makes way for what changes the host. */
  async stop(): Promise<void> {
    this.running?.cancel();
    await this.running?.done;
  }
}
