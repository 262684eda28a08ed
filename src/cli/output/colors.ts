import picocolors from 'picocolors';
import type { CliContext, TextOutput } from '../context.js';

/** Functions that colour text, or leave it as it is. */
export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colours for one stream: only on a terminal, and not when the user wants none. */
export function colorsFor(
  { env }: Pick<CliContext, 'env'>,
  stream: TextOutput,
  wanted: boolean,
): Colors {
  const isOff = !wanted || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return picocolors.createColors(!isOff && stream.isTTY === true);
}
