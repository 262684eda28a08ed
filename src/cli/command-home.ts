import type { Command } from 'commander';
import type { CliContext } from './context.js';
import type { OutputFormat } from './options.js';

/** What a command leaves behind. */
export interface Outcome {
  exitCode: number;
  /** How errors are to be printed. */
  format: OutputFormat;
}

/** What a command file gets: where to hang its command, and what it may use. */
export interface CommandHome {
  readonly program: Command;
  readonly context: CliContext;
  readonly outcome: Outcome;
}
