import { stepDurationMs, type HistoryStep } from '../../client/history-step.js';
import { stepText } from './step-line.js';
import { renderTable } from './table.js';
import { formatDuration, formatTime } from './text.js';

/** The steps of a run, one a line. */
export function renderHistory(steps: readonly HistoryStep[]): string {
  return renderTable<HistoryStep>(
    [
      { header: 'TIME', value: ({ startedAt }) => formatTime(startedAt) },
      { header: 'WHAT', value: ({ kind }) => kind },
      { header: 'STEP', value: stepName },
      { header: 'HOST', value: ({ host }) => host },
      { header: 'BY', value: ({ requestedBy, worker }) => requestedBy ?? worker },
      { header: 'TRIES', value: ({ attempt }) => attempt },
      { header: 'TOOK', value: took },
      { header: 'OUTCOME', value: outcome },
    ],
    steps.filter(({ kind, summary, step }) => kind !== 'timer' || summary !== step),
  );
}

function stepName(step: HistoryStep): string {
  switch (step.kind) {
    case 'update':
    case 'activity':
      return step.summary;
    case 'state':
    case 'run':
    case 'signal':
      return step.step;
    case 'timer':
    case 'fault':
      return stepText(step);
  }
}

function took(step: HistoryStep): string | undefined {
  const durationMs = stepDurationMs(step);
  return durationMs === undefined || step.endedAt === step.startedAt
    ? undefined
    : formatDuration(durationMs);
}

function outcome({ kind, outcome: ended, failure, reason }: HistoryStep): string | undefined {
  if (failure !== undefined) return `${ended}: ${failure.type}: ${failure.message}`;
  if (kind === 'state' || kind === 'signal') return reason;
  return reason === undefined ? ended : `${ended} (reason: ${reason})`;
}
