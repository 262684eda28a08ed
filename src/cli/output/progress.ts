import type { HistoryStep } from '../../client/history-step.js';
import type { StepEvent } from '../../client/follow.js';
import type { CliContext, TextOutput } from '../context.js';
import { colorsFor } from './colors.js';
import { LiveProgress } from './live-progress.js';
import { PlainProgress } from './plain-progress.js';

/** Shows steps as they happen. */
export interface Progress {
  show(event: StepEvent): void;
  /** Ends the display; nothing of it stays in the way of what is printed next. */
  end(): void;
}

/** What the display does not show: it would tell nobody anything. */
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

/** A list that moves on a terminal, plain lines elsewhere; both are fed by the same events. */
export function createProgress(
  context: CliContext,
  { color, quiet = false }: { readonly color: boolean; readonly quiet?: boolean },
  stream: TextOutput = context.stderr,
): Progress {
  if (quiet) return { show: () => undefined, end: () => undefined };
  const colors = colorsFor(context, stream, color);
  const moves = stream.isTTY === true && context.env['TERM'] !== 'dumb';
  return moves ? new LiveProgress(stream, colors) : new PlainProgress(stream, colors);
}
