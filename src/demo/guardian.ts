import type { Writable } from 'node:stream';

/** Between TERM and KILL for groups whose owner died; above the server's own time to stop. */
const GRACE_MS = 5_000;

/**
 * A small Node program that outlives us for a moment. It is told `+GROUP` and `-GROUP`, one a line;
 * when its input ends, which it does in whatever way we end, it ends the groups it still watches.
 */
export const GUARDIAN_PROGRAM = `
const groups = new Set();
const send = (signal) => {
  for (const group of groups) {
    try { process.kill(-group, signal); } catch { groups.delete(group); }
  }
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
require('node:readline')
  .createInterface({ input: process.stdin })
  .on('line', (line) => groups[line[0] === '+' ? 'add' : 'delete'](Number(line.slice(1))))
  .on('close', () => {
    send('SIGTERM');
    const deadline = Date.now() + ${GRACE_MS};
    setInterval(() => {
      const late = Date.now() > deadline;
      send(late ? 'SIGKILL' : 0);
      if (late || groups.size === 0) process.exit();
    }, 20);
  });
`;

/** Our end of the guardian. */
export class Guardian {
  readonly #input: Writable;

  /** @param input - the standard input of the guardian program */
  constructor(input: Writable) {
    this.#input = input;
    // Killed by hand: the children live on unguarded, which is no reason to fail.
    input.on('error', () => undefined);
  }

  /** Ends this process group when we end. */
  watch(group: number): void {
    this.#input.write(`+${group}\n`);
  }

  forget(group: number): void {
    this.#input.write(`-${group}\n`);
  }
}
