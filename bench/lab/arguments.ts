import { parseArgs } from 'node:util';

/** What a bench in the lab is told. */
export interface LabArguments {
  readonly rounds: number;
  /** Rounds of cases that take minutes. */
  readonly slowRounds: number;
  /** A text in the names of the cases that are taken; empty for all. */
  readonly only: string;
  /** Renews docs/performance.md. */
  readonly write: boolean;
}

const SLOW_ROUNDS = 3;

/** `ROUNDS [--slow ROUNDS] [--only TEXT] [--write]` */
export function readLabArguments(otherwise: { readonly rounds: number }): LabArguments {
  const { values, positionals } = parseArgs({
    options: {
      slow: { type: 'string', default: String(SLOW_ROUNDS) },
      only: { type: 'string', default: '' },
      write: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const { slow, only, write } = values;
  const rounds = Number(positionals[0] ?? otherwise.rounds);
  return { rounds, slowRounds: Math.min(rounds, Number(slow)), only, write };
}
