import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { execa, type Options } from 'execa';
import { Guardian, GUARDIAN_PROGRAM } from './guardian.js';

/** How a process ended: by itself with a code, or by a signal. */
export interface ChildEnd {
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
}

/** One of mooring's own processes: a worker, a simulated host, the Temporal server. */
export interface ChildProcess {
  /** Of the program itself; also the id of its process group. */
  readonly pid: number;
  /** Resolves when it and everything in its group have ended. */
  readonly exited: Promise<ChildEnd>;
  /** Asks the group to end (TERM), after the grace makes it end (KILL). */
  stop(options: { readonly graceMs: number }): Promise<ChildEnd>;
  /** Sends a signal to the whole group; nothing happens when it has ended. */
  kill(signal: NodeJS.Signals): void;
}

export interface ChildOptions {
  /** A path, or a name to be found on the PATH. */
  readonly file: string;
  readonly args: readonly string[];
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Takes both output streams, appended. Without it and without `onLine` they are dropped. */
  readonly logFile?: string;
  /** Gets each line of both output streams; not together with `logFile`. */
  readonly onLine?: (line: string) => void;
}

/** From KILL to the last of a group being gone; only uninterruptible sleep takes longer. */
const GROUP_END_MS = 2_000;

/**
 * Starts a program in a process group of its own. However this process ends, killed included, the
 * group ends with it: the guardian sees to that.
 *
 * @throws Error when the program cannot be started
 */
export async function startChild(options: ChildOptions): Promise<ChildProcess> {
  const { file, args, env = {}, cwd, logFile, onLine } = options;
  guardian ??= startGuardian();
  const output = openOutput({ logFile, piped: onLine !== undefined });
  const subprocess = execa(file, args, {
    ...DETACHED,
    env,
    ...(cwd === undefined ? {} : { cwd }),
    stdin: 'ignore',
    stdout: output.target,
    stderr: output.target,
  });
  output.close();
  const { pid } = subprocess;
  if (pid === undefined) {
    const { originalMessage = '' } = await subprocess;
    throw new Error(`${file} cannot be started: ${originalMessage}`);
  }
  guardian.watch(pid);
  let alive = true;
  const exited = new Promise<ChildEnd>((resolve) => {
    // Not execa's own result: it waits for output that a grandchild may hold open.
    subprocess.once('exit', (exitCode, signal) => {
      resolve({
        ...(exitCode === null ? {} : { exitCode }),
        ...(signal === null ? {} : { signal }),
      });
    });
  }).then(async (end) => {
    // What the program left behind goes with it.
    await endGroup(pid);
    guardian?.forget(pid);
    alive = false;
    return end;
  });
  if (onLine !== undefined) passLines([subprocess.stdout, subprocess.stderr], onLine);
  const kill = (signal: NodeJS.Signals): void => {
    // The number may belong to somebody else by then.
    if (alive) signalGroup(pid, signal);
  };
  return {
    pid,
    exited,
    kill,
    async stop({ graceMs }) {
      kill('SIGTERM');
      const harder = setTimeout(() => kill('SIGKILL'), graceMs);
      const end = await exited;
      clearTimeout(harder);
      return end;
    },
  };
}

/** How a short program ended, and what it said. */
export interface ProgramEnd {
  /** Absent when it could not be started, was killed or took too long. */
  readonly exitCode?: number;
  readonly stdout: string;
  readonly stderr: string;
  /** There is no such program. */
  readonly missing: boolean;
  readonly timedOut: boolean;
}

/** Runs a short program to its end. However that was is the answer, never an exception. */
export async function runProgram(options: {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs: number;
}): Promise<ProgramEnd> {
  const { file, args, env = {}, cwd, timeoutMs } = options;
  const { exitCode, stdout, stderr, code, timedOut } = await execa(file, args, {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    stdin: 'ignore',
    reject: false,
    timeout: timeoutMs,
    maxBuffer: 1_048_576,
  });
  return {
    ...(exitCode === undefined ? {} : { exitCode }),
    stdout,
    stderr,
    missing: code === 'ENOENT',
    timedOut,
  };
}

/** Own group, no collecting of output, no exceptions; ending it is our business, not execa's. */
const DETACHED = { detached: true, cleanup: false, buffer: false, reject: false } satisfies Options;

/** One guardian serves all children of this process; it costs about 40 MB, once. */
let guardian: Guardian | undefined;

function startGuardian(): Guardian {
  const subprocess = execa(process.execPath, ['-e', GUARDIAN_PROGRAM], {
    ...DETACHED,
    // Debuggers and loaders of ours are none of its business.
    env: { NODE_OPTIONS: '' },
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  // It must not keep us alive: our end is what it waits for.
  subprocess.unref();
  const { stdin } = subprocess;
  if ('unref' in stdin) (stdin as { unref(): void }).unref();
  return new Guardian(stdin);
}

interface Output {
  readonly target: 'ignore' | 'pipe' | 1;
  close(): void;
}

/** A log gets the file itself, not a pipe through us: it goes on while we are busy or dead. */
function openOutput(wanted: { readonly logFile?: string | undefined; piped: boolean }): Output {
  if (wanted.logFile === undefined) {
    return { target: wanted.piped ? 'pipe' : 'ignore', close: () => undefined };
  }
  const descriptor = openSync(wanted.logFile, 'a', 0o600);
  // execa passes on any open descriptor; its types (9.6) name the standard ones only.
  return { target: descriptor as 1, close: () => closeSync(descriptor) };
}

function passLines(streams: readonly unknown[], onLine: (line: string) => void): void {
  for (const input of streams as (Readable | null)[]) {
    if (input !== null) createInterface({ input }).on('line', onLine);
  }
}

async function endGroup(pid: number): Promise<void> {
  const deadline = Date.now() + GROUP_END_MS;
  while (signalGroup(pid, 'SIGKILL') && Date.now() < deadline) await pause(10);
}

/** @returns whether there was anything in the group */
function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
