import { CommanderError } from 'commander';
import type { CliContext } from './context.js';
import { reportError } from './output/report-error.js';
import { buildProgram } from './program.js';

/**
 * Runs one command line.
 *
 * @param args - without node and script
 * @returns the exit code
 */
export async function runCli(context: CliContext, args: readonly string[]): Promise<number> {
  const { program, outcome } = buildProgram(context);
  try {
    await program.parseAsync(args, { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
    return reportError(context, error, outcome.format);
  }
}

/** `EXIT_CODES.usage`, without loading what it belongs to. */
const USAGE_EXIT_CODE = 2;
