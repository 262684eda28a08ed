import type { CliContext } from '../context.js';
import type { OutputFormat } from '../options.js';
import { printJson } from './json.js';
import { printable } from './text.js';

/**
 * Prints an error: what failed, what to do; a JSON object on stdout for programs. A stack only when
 * `MOORING_DEBUG` is set.
 *
 * @returns the exit code
 */
export async function reportError(
  context: CliContext,
  error: unknown,
  format: OutputFormat,
): Promise<number> {
  const [{ toOperationError }, { exitCodeOf }] = await Promise.all([
    import('../../client/operation-error.js'),
    import('../exit-codes.js'),
  ]);
  const known = toOperationError(error);
  const exitCode = exitCodeOf(known);
  if (format === 'json') {
    printJson(context, { error: { ...known.toJSON(), exitCode } });
  } else {
    context.stderr.write(`mooring: ${printable(known.message)}\n`);
    context.stderr.write(`  what to do: ${printable(known.advice)}\n`);
  }
  if ((context.env['MOORING_DEBUG'] ?? '') !== '' && error instanceof Error) {
    context.stderr.write(`${error.stack ?? ''}\n`);
    if (known !== error && known.cause instanceof Error) {
      context.stderr.write(`${known.cause.stack ?? ''}\n`);
    }
  }
  return exitCode;
}
