/** Somebody wants the demo to end: Ctrl-C, a closed terminal, TERM. */
export class DemoInterrupted extends Error {
  override readonly name = 'DemoInterrupted';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What a shell expects of a program that Ctrl-C ended. */
const INTERRUPTED_EXIT_CODE = 130;

/** Watches for the wish to end; the second one ends the process without further ado. */
export class Interruption {
  #asked: DemoInterrupted | undefined;
  #refuse: (reason: DemoInterrupted) => void = () => undefined;
  readonly #never: Promise<never>;

  constructor() {
    this.#never = new Promise<never>((_resolve, reject) => {
      this.#refuse = reject;
    });
    this.#never.catch(() => undefined);
    for (const signal of SIGNALS) process.on(signal, this.#note);
  }

  readonly #note = (signal: NodeJS.Signals): void => {
    if (this.#asked !== undefined) process.exit(INTERRUPTED_EXIT_CODE);
    this.#asked = new DemoInterrupted(signal);
    this.#refuse(this.#asked);
  };

  /** @throws DemoInterrupted as soon as somebody asks, whatever the work still does then */
  async during<Result>(work: Promise<Result>): Promise<Result> {
    work.catch(() => undefined);
    return Promise.race([work, this.#never]);
  }

  /** Resolves when somebody asks. */
  async wait(): Promise<void> {
    await this.#never.catch(() => undefined);
  }

  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.#note);
  }
}
