import type { CommandHome } from '../command-home.js';

/**
 * Wraps the body of a command for commander: its exit code is kept, and its output format is known
 * before anything can fail.
 */
export function runCommand<Args extends unknown[], Options extends object>(
  { outcome }: CommandHome,
  body: (options: Options, ...args: Args) => Promise<number>,
): (...received: [...Args, Options, ...unknown[]]) => Promise<void> {
  return async (...received) => {
    // Commander appends the options and the command to the arguments.
    const options = received.at(-2) as Options;
    const { output = 'table' } = options as { readonly output?: string };
    // Every other format is for programs.
    outcome.format = output === 'table' ? 'table' : 'json';
    outcome.exitCode = await body(options, ...(received.slice(0, -2) as Args));
  };
}
