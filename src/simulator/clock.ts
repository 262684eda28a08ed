/** The time a simulated machine lives in. All its internal durations pass on this clock. */
export interface SimulatedClock {
  /** Milliseconds since the epoch, in the machine's time. */
  now(): number;
  /** Resolves after so much of the machine's time; never for `Infinity`. */
  sleep(ms: number): Promise<void>;
  /** Like {@link sleep}, and can be called off: then it never resolves. */
  timer(ms: number): Timer;
}

interface Timer {
  readonly elapsed: Promise<void>;
  cancel(): void;
}

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/**
 * Real time at another speed, with the order of a discrete-event simulation: sleepers wake one
 * after the other in the order of their due times, and each sees exactly its due time as `now`,
 * however late the process is. So a busy test machine delays the simulated one but never reorders
 * it, and no bound fires early because of a stall.
 */
class PacedClock implements SimulatedClock {
  readonly #timeScale: number;
  readonly #realStart = performance.now();
  readonly #start = Date.now();
  readonly #sleepers: Sleeper[] = [];
  #latest = this.#start;
  #waking = false;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Infinity;

  constructor(timeScale: number) {
    this.#timeScale = timeScale;
  }

  now(): number {
    if (!this.#waking) this.#latest = Math.max(this.#latest, this.#paced());
    return this.#latest;
  }

  sleep(ms: number): Promise<void> {
    return this.timer(ms).elapsed;
  }

  timer(ms: number): Timer {
    if (ms === Infinity) return { elapsed: new Promise(() => {}), cancel: () => {} };
    let wake: () => void = () => {};
    const elapsed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const sleeper = { due: this.now() + Math.max(0, ms), wake };
    this.#sleepers.splice(this.#placeAfter(sleeper.due), 0, sleeper);
    this.#arm();
    return { elapsed, cancel: () => this.#cancel(sleeper) };
  }

  #cancel(sleeper: Sleeper): void {
    const at = this.#sleepers.lastIndexOf(sleeper, this.#placeAfter(sleeper.due));
    if (at < 0) return;
    this.#sleepers.splice(at, 1);
    if (this.#sleepers.length > 0 || this.#waking) return;
    // With nobody left to wake, the process may end.
    clearTimeout(this.#timer);
    this.#timerDue = Infinity;
  }

  /** Behind the sleepers of the same instant: first come, first woken. */
  #placeAfter(due: number): number {
    let low = 0;
    let high = this.#sleepers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sleepers[middle]?.due ?? 0) <= due) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #paced(): number {
    if (this.#timeScale === 0) return this.#latest;
    return this.#start + (performance.now() - this.#realStart) / this.#timeScale;
  }

  #arm(): void {
    const next = this.#sleepers[0];
    if (this.#waking || next === undefined || next.due >= this.#timerDue) return;
    clearTimeout(this.#timer);
    this.#timerDue = next.due;
    const realMs = Math.max(0, (next.due - this.#paced()) * this.#timeScale);
    this.#timer = setTimeout(() => void this.#wakeDue(), Math.min(realMs, LONGEST_TIMER_MS));
  }

  async #wakeDue(): Promise<void> {
    this.#waking = true;
    this.#timerDue = Infinity;
    for (;;) {
      const next = this.#sleepers[0];
      if (next === undefined) break;
      if (this.#timeScale !== 0 && next.due > this.#paced()) break;
      this.#sleepers.shift();
      this.#latest = Math.max(this.#latest, next.due);
      next.wake();
      // What the sleeper does next, up to its next sleep, belongs to this instant.
      await new Promise((turn) => setImmediate(turn));
    }
    this.#waking = false;
    this.#arm();
  }
}

/** The longest delay a Node timer takes; a longer one fires at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * @param timeScale - real milliseconds per simulated one: 1 is real time, 0.01 a hundred times
 *   faster, 0 passes every wait as soon as nothing else is to be done
 */
export function createClock(timeScale = 1): SimulatedClock {
  if (!(timeScale >= 0)) throw new RangeError(`timeScale must be 0 or more, not ${timeScale}`);
  return new PacedClock(timeScale);
}
