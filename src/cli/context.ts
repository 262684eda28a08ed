import type { Readable, Writable } from 'node:stream';

/** A stream of text that may be a terminal. */
export type TextOutput = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Everything of the process that a command may use. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  /** Data. */
  readonly stdout: TextOutput;
  /** Everything else. */
  readonly stderr: TextOutput;
  /**
   * Calls back when the user wants to leave; the process then lives until the command returns.
   *
   * @returns takes the callback back
   */
  readonly onInterrupt: (leave: () => void) => () => void;
}

/** The context of this process. */
export function processContext(): CliContext {
  return {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    onInterrupt: (leave) => {
      const signals = ['SIGINT', 'SIGTERM'] as const;
      for (const signal of signals) process.once(signal, leave);
      return () => {
        for (const signal of signals) process.off(signal, leave);
      };
    },
  };
}
