import type { StepEvent } from '../../client/follow.js';
import type { HistoryStep } from '../../client/history-step.js';

/** Shows steps as they happen. */
export interface Progress {
  show(event: StepEvent): void;
  /** Ends the display; nothing of it stays in the way of what is printed next. */
  end(): void;
}

/** Whether a step tells a person anything. */
export function isWorthShowing({ kind, step, summary }: HistoryStep): boolean {
  switch (kind) {
    case 'activity':
    case 'fault':
    case 'signal':
      return true;
    case 'state':
      return step === 'waiting-for-host' || step === 'needs-approval' || step === 'cleaning-up';
    case 'timer':
      return summary !== step;
    case 'update':
    case 'run':
      return false;
  }
}
