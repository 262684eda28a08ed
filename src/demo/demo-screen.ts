import type { HistoryStep } from '../client/history-step.js';
import type { StepEvent } from '../client/follow.js';

/** Steps of one operation while they happen. */
export interface LiveSteps {
  show(event: StepEvent): void;
  /** A line between the steps. */
  note(text: string): void;
  end(): void;
}

/** Where the demo shows what it does; the command line knows terminals. */
export interface DemoScreen {
  line(text?: string): void;
  heading(text: string): void;
  steps(): LiveSteps;
  history(steps: readonly HistoryStep[]): void;
}
