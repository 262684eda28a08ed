import { median, spread } from '../../lab/medians.js';
import { markdownTable } from '../report/markdown-table.js';
import type { Results } from './rounds.js';

/** Which case is compared with which, and the most that is wanted of either part. */
export interface Ratio<Name extends string> {
  readonly of: Name;
  readonly to: Name;
  readonly attach?: number;
  readonly detach?: number;
}

export function medianTable<Name extends string>(
  names: readonly Name[],
  results: Results<Name>,
): string {
  const taken = names.filter((name) => results.of(name, 'attachMs').length > 0);
  const rows = taken.map((name) => [
    name,
    spread(results.of(name, 'attachMs')),
    spread(results.of(name, 'detachMs')),
    String(results.of(name, 'attachMs').length),
  ]);
  return markdownTable([['median (least-most), ms', 'attach', 'detach', 'rounds'], ...rows]);
}

export function ratioTable<Name extends string>(
  ratios: readonly Ratio<Name>[],
  results: Results<Name>,
): string {
  const known = ratios.filter(({ of, to }) =>
    [of, to].every((name) => results.of(name, 'attachMs').length > 0),
  );
  const rows = known.map(({ of: one, to: other, attach, detach }) => {
    const ratio = (part: 'attachMs' | 'detachMs'): string =>
      (median(results.of(one, part)) / median(results.of(other, part))).toFixed(2);
    return [`${one} : ${other}`, ratio('attachMs'), most(attach), ratio('detachMs'), most(detach)];
  });
  return markdownTable([['ratio of medians', 'attach', 'wanted', 'detach', 'wanted'], ...rows]);
}

function most(wanted: number | undefined): string {
  return wanted === undefined ? '' : `<= ${String(wanted)}`;
}
