import { stepDurationMs, type HistoryStep, type StepOutcome } from '../../client/history-step.js';
import type { Colors } from './colors.js';
import { formatDuration, printable } from './text.js';

const MARKS: Readonly<Record<StepOutcome, string>> = {
  waiting: '·',
  running: '·',
  done: '✔',
  failed: '✖',
  'timed-out': '✖',
  cancelled: '−',
};

/** What a step is, for people. */
export function stepText({ kind, step, summary }: HistoryStep): string {
  if (kind === 'state' && step === 'waiting-for-host') return 'waiting for the host to come back';
  if (kind === 'state') return `state: ${step}`;
  if (kind === 'timer') return `pause ${printable(summary)}`;
  if (kind === 'fault') return 'a workflow task failed and is tried again';
  return printable(summary);
}

/** A finished step in one line: mark, what, how long, why it failed. */
export function finishedLine(step: HistoryStep, colors: Colors): string {
  const durationMs = stepDurationMs(step);
  const took =
    durationMs === undefined || step.kind === 'state' ? '' : ` ${formatDuration(durationMs)}`;
  const again = (step.attempt ?? 1) > 1 ? `, attempt ${step.attempt ?? 1}` : '';
  const line = `${mark(step, colors)} ${stepText(step)}${colors.dim(took + again)}`;
  const { failure } = step;
  if (failure === undefined) return line;
  return `${line}\n    ${colors.red(printable(`${failure.type}: ${failure.message}`))}`;
}

function mark({ kind, outcome }: HistoryStep, colors: Colors): string {
  if (kind === 'state') return colors.yellow('!');
  const text = MARKS[outcome];
  if (outcome === 'done') return colors.green(text);
  return outcome === 'failed' || outcome === 'timed-out' ? colors.red(text) : colors.dim(text);
}
