import type { StepEvent } from '../client/follow.js';
import { stepDurationMs, type HistoryStep } from '../client/history-step.js';
import type { CliContext, TextOutput } from '../cli/context.js';
import { colorsFor } from '../cli/output/colors.js';
import { createProgress, type Progress } from '../cli/output/progress.js';
import { renderTable } from '../cli/output/table.js';
import { formatDuration } from '../cli/output/text.js';

/** Steps of one operation while they happen. */
export interface LiveSteps {
  show(event: StepEvent): void;
  /** A line between the steps. */
  note(text: string): void;
  end(): void;
}

/** Where the demo shows what it does: a moving list on a terminal, plain lines elsewhere. */
export class DemoScreen {
  readonly #stream: TextOutput;
  readonly #colors: ReturnType<typeof colorsFor>;
  #headings = 0;

  constructor(stream: TextOutput) {
    this.#stream = stream;
    this.#colors = colorsFor({ env: process.env }, stream, true);
  }

  line(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  heading(text: string): void {
    this.#headings += 1;
    this.line(`\n${this.#colors.bold(`${this.#headings}. ${text}`)}`);
  }

  steps(): LiveSteps {
    let progress = this.#progress();
    const open = new Map<number, StepEvent>();
    return {
      show: (event) => {
        if (event.step.endedAt === undefined) open.set(event.step.id, event);
        else open.delete(event.step.id);
        progress.show(event);
      },
      note: (text) => {
        progress.end();
        this.line(`${this.#colors.yellow('!')} ${text}`);
        progress = this.#progress();
        // On a terminal the list below starts anew; in a log its lines are still there.
        if (this.#stream.isTTY === true) for (const event of open.values()) progress.show(event);
      },
      end: () => {
        progress.end();
      },
    };
  }

  history(steps: readonly HistoryStep[]): void {
    const [first] = steps;
    const start = first === undefined ? 0 : Date.parse(first.startedAt);
    const table = renderTable<HistoryStep>(
      [
        { header: 'AT', value: ({ startedAt }) => formatDuration(Date.parse(startedAt) - start) },
        { header: 'WHAT', value: ({ kind, step, summary }) => (kind === 'activity' ? summary : `${kind} ${step}`) },
        { header: 'BY', value: ({ worker, requestedBy }) => worker ?? requestedBy },
        { header: 'TRIES', value: ({ attempt }) => attempt },
        { header: 'OUTCOME', value: ({ outcome, failure }) => failure?.type ?? outcome },
        { header: 'TOOK', value: (step) => took(step) },
      ],
      steps,
    );
    this.line(table);
  }

  #progress(): Progress {
    return createProgress(contextOver(this.#stream), { color: true }, this.#stream);
  }
}

function took(step: HistoryStep): string | undefined {
  const durationMs = stepDurationMs(step);
  const isMoment = step.kind === 'run' || step.kind === 'state' || step.kind === 'signal';
  return durationMs === undefined || isMoment ? undefined : formatDuration(durationMs);
}

function contextOver(stream: TextOutput): CliContext {
  const { env, stdin } = process;
  return { env, stdin, stdout: stream, stderr: stream, onInterrupt: () => () => undefined };
}
