import { constants } from 'node:fs';
import { access, type FileHandle } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { FIXED_BOUNDS } from '../contract/policy.js';
import { CommandFailure } from './command-failure.js';
import {
  MissingProgram,
  type Command,
  type CommandEnd,
  type CommandRunner,
  type Program,
} from './command-runner.js';
import { DEFAULT_RUN_DIRECTORY, openUnnamedFile } from './node-file-writer.js';

const SYSTEM_PATH = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'] as const;
/** Between TERM and KILL. */
const TERM_GRACE_MS = 2_000;
/** After KILL only a process in uninterruptible sleep is still there; it is not waited for. */
const KILL_GRACE_MS = 1_000;

export interface RunnerOptions {
  /** Directories in which programs are looked for, and the PATH they get. */
  readonly searchPath?: readonly string[];
  /** Where the output of commands is kept while they run; on tmpfs. */
  readonly outputDirectory?: string;
}

/**
 * Runs commands by execa.
 *
 * Output goes to unnamed files, not to pipes. A pipe ends with the worker that reads it, and the next
 * word of an iscsiadm that outlives the worker would be its death by SIGPIPE - perhaps with the lock of
 * the node database in its hands, which blocks the host's open-iscsi for good. A file takes words
 * whether anybody reads them or not; nor does a forgotten grandchild keep us waiting for its end.
 */
export class ExecaRunner implements CommandRunner {
  readonly #searchPath: readonly string[];
  readonly #outputDirectory: string;

  constructor(options: RunnerOptions = {}) {
    this.#searchPath = options.searchPath ?? SYSTEM_PATH;
    this.#outputDirectory = options.outputDirectory ?? `${DEFAULT_RUN_DIRECTORY}/output`;
  }

  async run(command: Command): Promise<CommandEnd> {
    const path = await this.#find(command.program);
    const stdout = await openUnnamedFile(this.#outputDirectory);
    try {
      const stderr = await openUnnamedFile(this.#outputDirectory);
      try {
        return await this.#runInto(command, path, { stdout, stderr });
      } finally {
        await stderr.close();
      }
    } finally {
      await stdout.close();
    }
  }

  async #runInto(command: Command, path: string, output: Output): Promise<CommandEnd> {
    const start = performance.now();
    const child = this.#start(command, path, output);
    const exit = readExit(child, command.program);
    const inTime = await within(exit, command.timeoutMs);
    // iscsiadm is left alone: its effect is read from sysfs, and its words go nowhere.
    const late = inTime ?? (command.program === 'iscsiadm' ? undefined : await end(child, exit));
    return {
      ...(late?.exitCode === undefined || inTime === undefined ? {} : { exitCode: late.exitCode }),
      stdout: await readStart(output.stdout),
      stderr: await readStart(output.stderr),
      timedOut: inTime === undefined,
      durationMs: Math.round(performance.now() - start),
    };
  }

  #start(command: Command, path: string, output: Output): Child {
    return execa(path, command.args, {
      // A group of its own: neither Ctrl-C nor the end of the worker reaches the command.
      detached: true,
      cleanup: false,
      cwd: '/',
      env: { LC_ALL: 'C', PATH: this.#searchPath.join(':') },
      extendEnv: false,
      stdin: 'ignore',
      stdout: descriptor(output.stdout),
      stderr: descriptor(output.stderr),
      buffer: false,
      reject: false,
    });
  }

  async #find(program: Program): Promise<string> {
    for (const directory of this.#searchPath) {
      const path = `${directory}/${program}`;
      if (await isExecutable(path)) return path;
    }
    throw new MissingProgram(program);
  }
}

interface Output {
  readonly stdout: FileHandle;
  readonly stderr: FileHandle;
}

/** execa passes any open descriptor on to the child; its types (9.6) name the standard ones only. */
function descriptor(file: FileHandle): 1 {
  return file.fd as 1;
}

/** What is used of execa's subprocess. */
type Child = PromiseLike<{
  readonly exitCode?: number | undefined;
  readonly code?: string | undefined;
}> & {
  readonly pid?: number | undefined;
};

interface Exit {
  /** Absent when a signal ended it. */
  readonly exitCode?: number;
}

/** The end of the process. execa's own result is not passed on: it carries the argument list. */
async function readExit(child: Child, program: Program): Promise<Exit> {
  const result = await child;
  if (child.pid === undefined) {
    if (result.code === 'ENOENT') throw new MissingProgram(program);
    const said = `it could not be started (${result.code ?? 'unknown'})`;
    throw new CommandFailure({ program, purpose: 'run', said });
  }
  return result.exitCode === undefined ? {} : { exitCode: result.exitCode };
}

/** TERM, then KILL, to the whole group; then the process is left to the kernel. */
async function end(child: Child, exit: Promise<Exit>): Promise<Exit | undefined> {
  signalGroup(child.pid, 'SIGTERM');
  const mild = await within(exit, TERM_GRACE_MS);
  // Also when the leader has gone: what it started may not have listened.
  signalGroup(child.pid, 'SIGKILL');
  return mild ?? within(exit, KILL_GRACE_MS);
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has gone by itself.
  }
}

/** The value, if it comes in time; a value or failure that comes later is dropped. */
async function within<Value>(value: Promise<Value>, ms: number): Promise<Value | undefined> {
  const late = new AbortController();
  try {
    return await Promise.race([value, pause(ms, undefined, { signal: late.signal })]);
  } finally {
    late.abort();
  }
}

async function readStart(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const wanted = Math.min(size, FIXED_BOUNDS.outputMaxBytes);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(wanted), 0, wanted, 0);
  return buffer.subarray(0, bytesRead).toString();
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
