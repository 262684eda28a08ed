import type { Case, Measurement, Taken } from './measure.js';

/** What was taken of each case so far; there is something to print also when a later round fails. */
export class Results<Name extends string> {
  private readonly taken = new Map<Name, Taken[]>();

  add(name: Name, one: Taken): void {
    this.taken.set(name, [...(this.taken.get(name) ?? []), one]);
  }

  of(name: Name, part: keyof Taken): number[] {
    return (this.taken.get(name) ?? []).map((one) => one[part]);
  }
}

/**
 * All cases in turn, round after round. One round more than is counted: the first one loads modules
 * and fills caches.
 *
 * @param only - a text in the names of those that are taken; empty for all
 */
export async function takeRounds<Name extends string, By extends string>(
  measurement: Measurement<By>,
  cases: Readonly<Record<Name, Case<By>>>,
  { rounds, only }: { readonly rounds: number; readonly only: string },
  results: Results<Name>,
): Promise<void> {
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, each] of Object.entries(cases) as [Name, Case<By>][]) {
      if (!name.includes(only)) continue;
      if (each.rounds !== undefined && (round === 0 || round > each.rounds)) continue;
      const one = await measurement.take(name, each);
      const { attachMs, detachMs } = one;
      say(`${name}: ${attachMs.toFixed(0)} / ${detachMs.toFixed(0)} ms`);
      if (round > 0) results.add(name, one);
    }
    say(`round ${String(round)} of ${String(rounds)} done`);
  }
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}
