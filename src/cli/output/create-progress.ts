import type { CliContext, TextOutput } from '../context.js';
import { colorsFor } from './colors.js';
import { LiveProgress } from './live-progress.js';
import { PlainProgress } from './plain-progress.js';
import type { Progress } from './progress.js';

/** A list that moves on a terminal, plain lines elsewhere; both are fed by the same events. */
export function createProgress(
  context: CliContext,
  { color, quiet = false }: { readonly color: boolean; readonly quiet?: boolean | undefined },
  stream: TextOutput = context.stderr,
): Progress {
  if (quiet) return { show: () => undefined, end: () => undefined };
  const colors = colorsFor(context, stream, color);
  const moves = stream.isTTY === true && context.env['TERM'] !== 'dumb';
  return moves ? new LiveProgress(stream, colors) : new PlainProgress(stream, colors);
}
