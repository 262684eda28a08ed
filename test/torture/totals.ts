import type { RunResult } from './run-plan.js';

/** What many runs came to. */
export interface Totals {
  readonly runs: number;
  readonly operations: number;
  readonly faults: number;
  readonly attached: number;
  readonly written: number;
  readonly histories: number;
  readonly violations: number;
  /** Runs that could not be played to their end. */
  readonly broken: number;
}

export const NOTHING: Totals = {
  runs: 0,
  operations: 0,
  faults: 0,
  attached: 0,
  written: 0,
  histories: 0,
  violations: 0,
  broken: 0,
};

export function totalOf(results: readonly RunResult[], broken: number): Totals {
  const each = results.map(
    ({ operations, faults, attached, written, histories, violations }): Totals => ({
      ...{ runs: 1, operations, faults, attached, written, histories },
      ...{ violations: violations.length, broken: 0 },
    }),
  );
  return sumOf([...each, { ...NOTHING, broken }]);
}

export function sumOf(totals: readonly Totals[]): Totals {
  const names = Object.keys(NOTHING) as (keyof Totals)[];
  const sums = names.map((name) => [name, totals.reduce((sum, each) => sum + each[name], 0)]);
  return Object.fromEntries(sums) as Totals;
}

/** @param minutes - they took */
export function told(total: Totals, minutes: number): string {
  const { runs, operations, faults, attached, written, histories, violations, broken } = total;
  return (
    `torture: ${runs} runs, ${operations} operations, ${faults} faults, ${attached} devices used, ` +
    `${written} patterns written, ${histories} histories, ${violations} violations, ` +
    `${broken} broken, ${(runs / minutes).toFixed(1)} runs per minute`
  );
}
