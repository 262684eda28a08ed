import type { StepEvent } from '../client/follow.js';
import type { CliContext, TextOutput } from '../cli/context.js';
import { colorsFor, type Colors } from '../cli/output/colors.js';
import { createProgress } from '../cli/output/create-progress.js';
import type { Progress } from '../cli/output/progress.js';

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
  readonly #colors: Colors;
  #headings = 0;

  constructor(stream: TextOutput) {
    this.#stream = stream;
    this.#colors = colorsFor({ env: process.env }, stream, true);
  }

  line(text = ''): void {
    this.#stream.write(`${text}\n`);
  }

  /** Output of a command, set off from what surrounds it. */
  block(text: string): void {
    this.line(`\n${text.replaceAll(/^(?=.)/gm, '  ')}`);
  }

  /** What went wrong, and what helps to find out why. */
  failure(text: string): void {
    this.line(this.#colors.red(text));
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

  #progress(): Progress {
    return createProgress(contextOver(this.#stream), { color: true }, this.#stream);
  }
}

function contextOver(stream: TextOutput): CliContext {
  const { env, stdin } = process;
  return { env, stdin, stdout: stream, stderr: stream, onInterrupt: () => () => undefined };
}
