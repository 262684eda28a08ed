import { randomUUID } from 'node:crypto';
import type { SimulatedClock } from './clock.js';

/** Somebody asked a machine that is down, or that went down before it could answer. */
export class HostDown extends Error {
  override readonly name = 'HostDown';
  readonly code = 'ESHUTDOWN';
  constructor(hostId: string) {
    super(`simulated host ${hostId} is down`);
  }
}

/**
 * The time between two reboots. Whatever runs inside waits only by {@link Boot.sleep} and
 * {@link Boot.until}: they never return after the end, so flows of an old boot cannot touch the
 * new one.
 */
export class Boot {
  readonly id = randomUUID();
  readonly clock: SimulatedClock;
  readonly #hostId: string;
  readonly #startedAt: number;
  readonly #callers = new Set<(error: Error) => void>();
  readonly #endings: (() => void)[] = [];
  #over = false;

  constructor(hostId: string, clock: SimulatedClock) {
    this.#hostId = hostId;
    this.clock = clock;
    this.#startedAt = clock.now();
  }

  /** Milliseconds since the machine came up. */
  get upMs(): number {
    return this.clock.now() - this.#startedAt;
  }

  get over(): boolean {
    return this.#over;
  }

  sleep(ms: number): Promise<void> {
    return this.until(this.clock.sleep(ms));
  }

  /** Waits for something of the world outside; never returns after the end of the boot. */
  until<Seen>(happened: Promise<Seen>): Promise<Seen> {
    return new Promise((resolve, reject) => {
      happened.then(
        (seen) => {
          if (!this.#over) resolve(seen);
        },
        (error: unknown) => {
          if (!this.#over) reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  /** Waits until a condition holds, looking at each change, at most so long. */
  async waitFor(
    holds: () => boolean,
    changed: () => Promise<void>,
    boundMs: number,
  ): Promise<boolean> {
    const end = this.clock.now() + boundMs;
    const bound = this.clock.timer(boundMs);
    while (!holds() && this.clock.now() < end) {
      await this.until(Promise.race([changed(), bound.elapsed]));
    }
    bound.cancel();
    return holds();
  }

  /** Answers somebody outside the machine; rejects with {@link HostDown} if the boot ends first. */
  serve<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    if (this.#over) return Promise.reject(new HostDown(this.#hostId));
    return new Promise((resolve, reject) => {
      const refuse = (error: Error): void => reject(error);
      this.#callers.add(refuse);
      work()
        .then(resolve, reject)
        .finally(() => this.#callers.delete(refuse));
    });
  }

  /** Something to let go when the boot ends. */
  onEnd(ending: () => void): void {
    this.#endings.push(ending);
  }

  end(): void {
    this.#over = true;
    for (const ending of this.#endings) ending();
    for (const refuse of this.#callers) refuse(new HostDown(this.#hostId));
    this.#callers.clear();
  }
}
