import type {
  Command,
  CommandEnd,
  CommandRunner,
  Program,
} from '../../privileged/command-runner.js';
import type { LinuxHost, RunningHost } from '../linux-host.js';
import { programEnd, type ProgramEnd, type ProgramModel } from './command-handler.js';
import { iscsiadm } from './iscsiadm.js';
import { multipath } from './multipath.js';
import { multipathd } from './multipathd.js';
import { sync } from './sync.js';

const PROGRAM_MODELS: Readonly<Record<Program, ProgramModel>> = {
  iscsiadm,
  multipath,
  multipathd,
  sync,
};

/**
 * The first seam on a simulated host. Deadlines pass on the host's clock, like everything a command
 * does: a faster host also times out faster.
 *
 * Past its deadline a command is reported, and what it set going in kernel and daemons goes on: a
 * signal ends the program, not the request that hangs in the kernel.
 */
export class SimulatedRunner implements CommandRunner {
  readonly #host: LinuxHost;
  readonly #runs: string[] = [];

  constructor(host: LinuxHost) {
    this.#host = host;
  }

  /** The last command lines, oldest first. */
  get runs(): readonly string[] {
    return this.#runs;
  }

  run(command: Command): Promise<CommandEnd> {
    return this.#host.serve((running) => this.#run(command, running));
  }

  async #run(command: Command, running: RunningHost): Promise<CommandEnd> {
    const { faults } = this.#host;
    const { program, args, timeoutMs } = command;
    if (faults.has('program-missing', (fault) => fault.program === program)) {
      throw new AbsentProgram(program);
    }
    this.#note([program, ...args].join(' '));
    const start = running.boot.clock.now();
    const hang = faults.takeRun('command-hangs', command);
    const work = hang === undefined ? this.#work(command, running) : new Promise<never>(() => {});
    const deadline = running.boot.clock.timer(timeoutMs);
    const end = await running.boot.until(
      Promise.race([work, deadline.elapsed.then(() => undefined)]),
    );
    deadline.cancel();
    // iscsiadm is never signalled; the others end by TERM, or else by KILL.
    if (end === undefined && program !== 'iscsiadm' && hang?.ignoresTerm === true) {
      await running.boot.sleep(this.#host.durations.killGrace);
    }
    const durationMs = Math.round(running.boot.clock.now() - start);
    if (end === undefined) return { stdout: '', stderr: '', timedOut: true, durationMs };
    return { ...end, timedOut: false, durationMs };
  }

  async #work(command: Command, running: RunningHost): Promise<ProgramEnd> {
    const { boundaries, faults } = this.#host;
    const { program, args } = command;
    const call = args.join(' ');
    await boundaries.pass(program, call, 'before');
    const failure = faults.takeRun('command-fails', command);
    if (failure !== undefined) return saidOf(failure);
    const end = await PROGRAM_MODELS[program]({ host: this.#host, running }, args);
    await boundaries.pass(program, call, 'after');
    const lie = faults.takeRun('answer-lies', command);
    return lie === undefined ? end : saidOf(lie);
  }

  #note(line: string): void {
    this.#runs.push(line);
    if (this.#runs.length > RUNS_KEPT) this.#runs.shift();
  }
}

const RUNS_KEPT = 1_000;

function saidOf(fault: { readonly exitCode: number; readonly stderr?: string }): ProgramEnd {
  return programEnd(fault.exitCode, { stderr: fault.stderr ?? '' });
}

/** Has the name and fields of `MissingProgram`, whose class this room may not load. */
class AbsentProgram extends Error {
  override readonly name = 'MissingProgram';
  readonly program: Program;
  constructor(program: Program) {
    super(`${program} is not installed on this host`);
    this.program = program;
  }
}
