import { createWriteStream } from 'node:fs';
import { execa } from 'execa';

/** One of mooring's own processes: a worker, a simulated host, the Temporal server. */
export interface ChildProcess {
  readonly pid: number;
  /** Resolves when the process has ended; says how. */
  readonly exited: Promise<{ readonly exitCode?: number; readonly signal?: string }>;
  /** Asks the process to end, then makes it. */
  stop(options: { readonly graceMs: number }): Promise<void>;
  /** Signals the whole process group. */
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts a process in a group of its own, its output in a file or line by line. Groups that are left
 * are killed when this process exits, by whatever way it still notices.
 *
 * @throws Error when the program cannot be started
 */
export async function startChild(options: {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile?: string;
  readonly onLine?: (line: string) => void;
}): Promise<ChildProcess> {
  const { file, args, env = {}, logFile, onLine } = options;
  const subprocess = execa(file, args, {
    env,
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    // A pipe nobody writes to: children that watch it learn of our death.
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const { pid } = subprocess;
  if (pid === undefined) {
    const { shortMessage } = await subprocess;
    throw new Error(shortMessage ?? `${file} could not be started`);
  }
  groups.add(pid);
  if (logFile !== undefined) {
    const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
    subprocess.stdout.pipe(log, { end: false });
    subprocess.stderr.pipe(log, { end: false });
  } else if (onLine !== undefined) {
    void readLines(subprocess, onLine);
  } else {
    subprocess.stdout.resume();
    subprocess.stderr.resume();
  }
  const exited = subprocess.then(({ exitCode, signal }) => {
    // What the leader left behind goes with it.
    signalGroup(pid, 'SIGKILL');
    groups.delete(pid);
    return {
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
    };
  });
  const kill = (signal: NodeJS.Signals): void => {
    signalGroup(pid, signal);
  };
  return {
    pid,
    exited,
    kill,
    async stop({ graceMs }) {
      kill('SIGTERM');
      const harder = setTimeout(() => {
        kill('SIGKILL');
      }, graceMs);
      await exited;
      clearTimeout(harder);
    },
  };
}

async function readLines(
  lines: AsyncIterable<unknown>,
  onLine: (line: string) => void,
): Promise<void> {
  try {
    for await (const line of lines) onLine(String(line));
  } catch {
    // How the process ended is told by `exited`.
  }
}

const groups = new Set<number>();
process.on('exit', () => {
  for (const pid of groups) signalGroup(pid, 'SIGKILL');
});

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended.
  }
}
