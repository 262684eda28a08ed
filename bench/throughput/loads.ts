import { setTimeout as pause } from 'node:timers/promises';

/** What a load came to. */
export interface Load {
  readonly latenciesMs: readonly number[];
  readonly failures: number;
  readonly perSecond: number;
}

type Attach = () => Promise<number>;

/** So many at any time, each followed by the next, for so long. */
export async function keepBusy(
  attach: Attach,
  { inFlight, seconds }: { readonly inFlight: number; readonly seconds: number },
): Promise<Load> {
  const began = performance.now();
  const end = began + seconds * 1_000;
  const counted = new Counted(attach);
  const lanes = Array.from({ length: inFlight }, async () => {
    while (performance.now() < end) await counted.take();
  });
  await Promise.all(lanes);
  return counted.load(performance.now() - began);
}

/** A fixed number of attaches, so many at any time. */
export async function attachMany(
  attach: Attach,
  { count, inFlight }: { readonly count: number; readonly inFlight: number },
): Promise<Load> {
  const began = performance.now();
  const counted = new Counted(attach);
  let left = count;
  const lanes = Array.from({ length: inFlight }, async () => {
    while (left > 0) {
      left -= 1;
      await counted.take();
    }
  });
  await Promise.all(lanes);
  return counted.load(performance.now() - began);
}

/**
 * A new one at fixed intervals, whether the others have ended or not; its time counts from when it was
 * due.
 */
export async function arriveSteadily(
  attach: Attach,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Load> {
  const began = performance.now();
  const counted = new Counted(attach);
  const running: Promise<void>[] = [];
  for (let number = 0; number < perSecond * seconds; number += 1) {
    const due = began + (number * 1_000) / perSecond;
    await pause(Math.max(0, due - performance.now()));
    running.push(counted.take(performance.now() - due));
  }
  await Promise.all(running);
  return counted.load(performance.now() - began);
}

/** Attaches that are counted; one that fails is, too, and ends nothing. */
class Counted {
  private readonly attach: Attach;
  private readonly latenciesMs: number[] = [];
  private failures = 0;

  constructor(attach: Attach) {
    this.attach = attach;
  }

  async take(lateMs = 0): Promise<void> {
    try {
      this.latenciesMs.push(lateMs + (await this.attach()));
    } catch (error) {
      this.failures += 1;
      // One says it for all.
      if (this.failures === 1) process.stderr.write(`bench: an attach failed: ${String(error)}\n`);
    }
  }

  load(tookMs: number): Load {
    const { latenciesMs, failures } = this;
    return { latenciesMs, failures, perSecond: (latenciesMs.length * 1_000) / tookMs };
  }
}
