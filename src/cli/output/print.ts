import type { CliContext } from '../context.js';
import type { OutputFormat } from '../options.js';
import { printJson } from './json.js';

/** Prints data in the form that was asked for. */
export function printData(
  context: CliContext,
  format: OutputFormat,
  data: unknown,
  asText: () => string,
): void {
  if (format === 'json') printJson(context, data);
  else context.stdout.write(`${asText()}\n`);
}
