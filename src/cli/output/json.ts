import type { CliContext } from '../context.js';

/** Prints data for programs: one JSON document. */
export function printJson({ stdout }: Pick<CliContext, 'stdout'>, data: unknown): void {
  stdout.write(`${JSON.stringify(data, null, 2)}\n`);
}

/** Prints one record of a stream: one line of JSON. */
export function printJsonLine({ stdout }: Pick<CliContext, 'stdout'>, data: unknown): void {
  stdout.write(`${JSON.stringify(data)}\n`);
}
