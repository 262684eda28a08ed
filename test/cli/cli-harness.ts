import { Readable } from 'node:stream';
import type { CliContext } from '../../src/cli/context.js';
import { runCli } from '../../src/cli/run-cli.js';
import { TextSink } from './text-sink.js';

/** What one command line did. */
export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line under way. */
export interface RunningCli {
  readonly done: Promise<CliRun>;
  /** As Ctrl-C does. */
  interrupt(): void;
  stderr(): string;
}

/** Starts a command line in this process, with streams that are no terminals. */
export function startCli(
  args: readonly string[],
  { stdin = '', env = {} }: { readonly stdin?: string; readonly env?: CliContext['env'] } = {},
): RunningCli {
  const [stdout, stderr] = [new TextSink(), new TextSink()];
  const leave = new Set<() => void>();
  const context: CliContext = {
    env,
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout,
    stderr,
    onInterrupt: (callback) => {
      leave.add(callback);
      return () => leave.delete(callback);
    },
  };
  const done = runCli(context, args).then((exitCode) => ({
    exitCode,
    stdout: stdout.text,
    stderr: stderr.text,
  }));
  return {
    done,
    interrupt: () => {
      for (const callback of leave) callback();
    },
    stderr: () => stderr.text,
  };
}

/** Runs a command line to its end. */
export function cli(
  args: readonly string[],
  options: Parameters<typeof startCli>[1] = {},
): Promise<CliRun> {
  return startCli(args, options).done;
}
