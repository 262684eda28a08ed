import type { Command, CommandEnd, CommandRunner } from '../../src/privileged/command-runner.js';

export type Reaction = (command: Command) => Partial<CommandEnd> | Promise<Partial<CommandEnd>>;

/** The first seam with a reaction in place of programs. Unless it says so, a command ends well. */
export class ScriptedRunner implements CommandRunner {
  /** Command lines in the order in which they were run. */
  readonly lines: string[] = [];
  reaction: Reaction = () => ({});

  async run(command: Command): Promise<CommandEnd> {
    this.lines.push([command.program, ...command.args].join(' '));
    const end = await this.reaction(command);
    const ended = end.timedOut === true ? {} : { exitCode: 0 };
    return { ...ended, stdout: '', stderr: '', timedOut: false, durationMs: 1, ...end };
  }
}
