import type { HistoryStep } from '../../client/history-step.js';
import type { StepEvent } from '../../client/follow.js';
import type { TextOutput } from '../context.js';
import type { Colors } from './colors.js';
import { isWorthShowing, type Progress } from './progress.js';
import { finishedLine, stepText } from './step-line.js';
import { formatDuration } from './text.js';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const DEFAULT_COLUMNS = 80;
/** More steps under way at once than that are counted, not listed: the list must fit the window. */
const ROWS_MAX = 12;

/** Finished steps stay as lines; those under way are a list below them that is drawn again. */
export class LiveProgress implements Progress {
  private readonly stream: TextOutput;
  private readonly colors: Colors;
  private readonly open = new Map<number, { step: HistoryStep; sinceMs: number }>();
  private readonly timer: NodeJS.Timeout;
  private drawn = 0;
  private frame = 0;

  constructor(stream: TextOutput, colors: Colors) {
    this.stream = stream;
    this.colors = colors;
    this.timer = setInterval(() => {
      this.frame += 1;
      this.draw('');
    }, FRAME_MS);
    this.timer.unref();
  }

  show({ step }: StepEvent): void {
    if (!isWorthShowing(step)) return;
    if (step.endedAt === undefined) {
      const sinceMs = this.open.get(step.id)?.sinceMs ?? performance.now();
      this.open.set(step.id, { step, sinceMs });
      this.draw('');
    } else {
      this.open.delete(step.id);
      this.draw(`${finishedLine(step, this.colors)}\n`);
    }
  }

  end(): void {
    clearInterval(this.timer);
    this.open.clear();
    this.draw('');
  }

  /** Takes the list away, writes what stays, writes the list again. */
  private draw(lasting: string): void {
    const rows = [...this.open.values()];
    const lines = rows.slice(0, ROWS_MAX).map((row) => this.row(row));
    if (rows.length > ROWS_MAX) lines.push(`  and ${rows.length - ROWS_MAX} more`);
    if (lasting === '' && lines.length === 0 && this.drawn === 0) return;
    const erase = this.drawn === 0 ? '' : `\u001b[${this.drawn}A\u001b[0J`;
    this.stream.write(erase + lasting + lines.map((line) => `${line}\n`).join(''));
    this.drawn = lines.length;
  }

  private row({ step, sinceMs }: { step: HistoryStep; sinceMs: number }): string {
    const spinner = FRAMES[this.frame % FRAMES.length] ?? '';
    const took = formatDuration(performance.now() - sinceMs);
    const room = (this.stream.columns ?? DEFAULT_COLUMNS) - took.length - 4;
    const text = stepText(step);
    const cut = text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text;
    return `${this.colors.cyan(spinner)} ${cut} ${this.colors.dim(took)}`;
  }
}
