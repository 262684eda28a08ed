import { fork } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { NOTHING, sumOf, type Totals } from './totals.js';

/** Runs of one process. */
export const BATCH = 25;
/** The last runs of a batch leave room, which the next one takes. */
const BATCHES_AT_ONCE = 2;
/** Several times what a batch takes on two busy cores. */
const BATCH_TIMEOUT_MS = 3_600_000;

interface Drawn {
  readonly firstSeed: number;
  readonly runs: number;
  /** Over all batches. */
  readonly atOnce: number;
}

/**
 * Plays runs in processes of their own, so many at a time: workers that were killed hold their
 * connections, and go on asking the server for work, for as long as their process lives.
 *
 * @param options - of each process, beside its seeds
 */
export async function playBatches(
  { firstSeed, runs, atOnce }: Drawn,
  options: readonly string[],
): Promise<Totals> {
  const totals: Totals[] = [];
  const offsets = Array.from({ length: Math.ceil(runs / BATCH) }, (_none, index) => index * BATCH);
  const lane = async (): Promise<void> => {
    for (let offset = offsets.shift(); offset !== undefined; offset = offsets.shift()) {
      const batch = {
        firstSeed: firstSeed + offset,
        runs: Math.min(BATCH, runs - offset),
        atOnce: Math.ceil(atOnce / BATCHES_AT_ONCE),
      };
      totals.push(await playBatch(batch, options));
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, lane));
  return sumOf(totals);
}

function playBatch(
  { firstSeed, runs, atOnce }: Drawn,
  options: readonly string[],
): Promise<Totals> {
  const drawn = ['--seed', firstSeed, '--runs', runs, '--at-once', atOnce].map(String);
  const child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), [...drawn, ...options], {
    execArgv: process.execArgv,
    timeout: BATCH_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve, reject) => {
    let totals: Totals | undefined;
    child.on('message', (message) => {
      totals = message as Totals;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      const end = signal ?? `code ${code}`;
      // All of it counts as broken: nothing is known of it.
      if (totals === undefined) process.stdout.write(`seeds from ${firstSeed}: ended by ${end}\n`);
      resolve(totals ?? { ...NOTHING, broken: runs });
    });
  });
}
