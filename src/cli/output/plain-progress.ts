import type { StepEvent } from '../../client/follow.js';
import type { TextOutput } from '../context.js';
import type { Colors } from './colors.js';
import { isWorthShowing, type Progress } from './progress.js';
import { finishedLine, stepText } from './step-line.js';

/** One line when a step begins, one when it ends: for logs and pipes. */
export class PlainProgress implements Progress {
  private readonly stream: TextOutput;
  private readonly colors: Colors;

  constructor(stream: TextOutput, colors: Colors) {
    this.stream = stream;
    this.colors = colors;
  }

  show({ change, step }: StepEvent): void {
    if (!isWorthShowing(step) || change === 'changed') return;
    const line = change === 'ended' ? finishedLine(step, this.colors) : `· ${stepText(step)}`;
    this.stream.write(`${line}\n`);
  }

  end(): void {
    // Every line is complete already.
  }
}
