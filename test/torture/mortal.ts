/**
 * The life of one worker process inside this one. What it calls goes on without it when it dies, and
 * it never hears how that ended: as with a process that is killed.
 */
export class Life {
  #isOver = false;
  readonly #stuck = new Set<(reason: Error) => void>();

  get isOver(): boolean {
    return this.#isOver;
  }

  /** From now on nothing answers. */
  end(): void {
    this.#isOver = true;
  }

  /** Ends what still waits, so that it holds no memory and no timers. Only after the worker is gone. */
  bury(): void {
    this.end();
    for (const reject of this.#stuck) reject(new Error('the worker that waited for this is dead'));
    this.#stuck.clear();
  }

  /** Waits for something in this life. */
  live<Answer>(begin: () => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#stuck.add(reject);
      if (this.#isOver) return;
      const settle = (tell: () => void): void => {
        if (this.#isOver) return;
        this.#stuck.delete(reject);
        tell();
      };
      begin().then(
        (answer) => {
          settle(() => {
            resolve(answer);
          });
        },
        (error: unknown) => {
          settle(() => {
            reject(error instanceof Error ? error : new Error(String(error)));
          });
        },
      );
    });
  }

  /** A seam whose methods all end with this life. */
  bind<Seam extends object>(seam: Seam): Seam {
    return new Proxy(seam, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: readonly unknown[]): Promise<unknown> =>
          this.live(async () => Reflect.apply(member, target, args) as Promise<unknown>);
      },
    });
  }
}
