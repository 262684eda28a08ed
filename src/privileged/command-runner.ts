/** The programs mooring runs, and no others. */
export type Program = 'iscsiadm' | 'multipath' | 'multipathd' | 'sync';

export interface Command {
  readonly program: Program;
  readonly args: readonly string[];
  readonly timeoutMs: number;
}

/** How a command ended. A non-zero exit is an end like any other; the verb judges it. */
export interface CommandEnd {
  /** Absent when a signal ended it, or when it still runs. */
  readonly exitCode?: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The deadline passed. The command was killed, or, if it was iscsiadm, left to end by itself. */
  readonly timedOut: boolean;
  readonly durationMs: number;
}

/**
 * First of the two seams (design 3): running a command. Argument list, no shell, absolute path,
 * clean environment (`LC_ALL=C`), own process group, bounded output.
 *
 * Past the deadline TERM, then KILL - except iscsiadm, which is never signalled: killed while it
 * holds the node-database lock it blocks the host's open-iscsi for good.
 *
 * @throws MissingProgram when the program is not installed
 */
export interface CommandRunner {
  run(command: Command): Promise<CommandEnd>;
}

/** By name: a simulated host in another process throws a class of its own. */
export function isMissingProgram(error: unknown): error is Error {
  return error instanceof Error && error.name === 'MissingProgram';
}

/** The program is not on this host. */
export class MissingProgram extends Error {
  override readonly name = 'MissingProgram';
  readonly program: Program;
  constructor(program: Program) {
    super(`${program} is not installed on this host`);
    this.program = program;
  }
}
