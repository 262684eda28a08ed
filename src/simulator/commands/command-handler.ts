import type { LinuxHost, RunningHost } from '../linux-host.js';

/** What a program leaves behind when it ends by itself. */
export interface ProgramEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One program of the simulated host; its durations pass on the host's clock. */
export type ProgramModel = (
  machine: { readonly host: LinuxHost; readonly running: RunningHost },
  args: readonly string[],
) => Promise<ProgramEnd>;

/** A command line that no part of mooring is known to use. Loud, so that nobody builds on it. */
export class UnknownCommand extends Error {
  override readonly name = 'UnknownCommand';
  constructor(program: string, args: readonly string[]) {
    super(`the simulator does not know the command: ${[program, ...args].join(' ')}`);
  }
}

export function programEnd(
  exitCode: number,
  said: { stdout?: string; stderr?: string } = {},
): ProgramEnd {
  return { exitCode, stdout: said.stdout ?? '', stderr: said.stderr ?? '' };
}
