import { condition, patched, workflowInfo } from '@temporalio/workflow';
import { FIXED_BOUNDS } from '../contract/policy.js';
import { controlSteps } from './activity-proxies.js';
import type { Ledger } from './ledger.js';
import { NO_LOOK_WHILE_ASKING } from './patches.js';

/** The operation that waits. */
export interface Waiter {
  readonly onAway: () => void;
  readonly onHost: () => void;
}

/**
 * Says so while an operation waits for a host that is away. The waiting itself is the server's: the
 * step lies in the host's queue and costs nothing. Looks ever less often while the host is merely
 * slow, and not at all once it is known to be away, or while a person is asked.
 */
export class HostWatch {
  private readonly ledger: Ledger;
  private readonly waiter: Waiter;
  private steps = 0;
  private ended = false;

  constructor(ledger: Ledger, waiter: Waiter) {
    this.ledger = ledger;
    this.waiter = waiter;
  }

  /** A step has ended, well or not, so the host is there. */
  readonly onProgress = (): void => {
    this.steps += 1;
  };

  /** Runs until {@link end}. Never rejects. */
  async run(): Promise<void> {
    let pauseMs: number = FIXED_BOUNDS.hostWatchMinMs;
    while (!this.ended) {
      const steps = this.steps;
      if (await condition(() => this.ended, pauseMs)) return;
      pauseMs = nextPauseMs(pauseMs);
      if (steps !== this.steps) continue;
      if (this.isAsking && patched(NO_LOOK_WHILE_ASKING)) {
        await condition(() => this.ended || !this.isAsking);
        continue;
      }
      if ((await this.isPolling()) || this.isOver()) continue;
      const { state } = this.ledger.entry;
      this.ledger.setState('waiting-for-host');
      this.waiter.onAway();
      await condition(() => this.ended || steps !== this.steps);
      if (this.isOver()) return;
      this.waiter.onHost();
      // What came meanwhile says its own state: a question, the end.
      if (this.ledger.entry.state === 'waiting-for-host') this.ledger.setState(state);
      pauseMs = FIXED_BOUNDS.hostWatchMinMs;
    }
  }

  end(): void {
    this.ended = true;
  }

  private get isAsking(): boolean {
    return this.ledger.entry.question !== undefined;
  }

  private isOver(): boolean {
    return this.ended;
  }

  private async isPolling(): Promise<boolean> {
    const { hostId } = this.ledger.key;
    try {
      const steps = controlSteps(`look for the worker of ${hostId}`);
      return (await steps.describeHost({ hostId })).polling;
    } catch {
      // Unknown: the next look may tell.
      return true;
    }
  }
}

function nextPauseMs(pauseMs: number): number {
  const { hostWatchMaxMs, hostWatchLongMs } = FIXED_BOUNDS;
  const isLong = workflowInfo().continueAsNewSuggested;
  return Math.min(2 * pauseMs, isLong ? hostWatchLongMs : hostWatchMaxMs);
}
