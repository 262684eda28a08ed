import { median } from '../../lab/medians.js';
import { markdownTable } from '../report/markdown-table.js';
import { coveredMs } from './intervals.js';
import { length, type Watched } from './watched-mooring.js';

/**
 * Whose the time of an operation is, instant by instant: the tools' and the kernel's when a command
 * or a kernel write runs; else our own code's when a step runs, with its waits for udev and multipathd;
 * else Temporal's, with the workflow and the client.
 */
export function sharesTable(watched: readonly Watched[]): string {
  const rows = [...grouped(watched)].map(([title, operations]) => {
    const middle = (measure: (one: Watched) => number): string =>
      median(operations.map(measure)).toFixed(0);
    return [
      title,
      middle(({ window }) => length(window)),
      middle(temporalMs),
      middle(ownMs),
      middle(toolsMs),
      middle(({ cpuMs }) => cpuMs),
    ];
  });
  const head = ['medians, ms', 'all', 'Temporal', 'our code, waits', 'tools, kernel', 'worker CPU'];
  return markdownTable([head, ...rows]);
}

/** What the steps and tools of one operation took, and how often they ran. */
export function workTable(watched: readonly Watched[], name: string): string {
  const rows = (['attach', 'detach'] as const).flatMap((part) => {
    const operations = grouped(watched).get(`${name}: ${part}`) ?? [];
    const names = new Set(
      operations.flatMap(workWithin).map((work) => `${work.kind} ${work.name}`),
    );
    return [...names].sort().map((title) => {
      const runs = operations.map((one) =>
        workWithin(one).filter((work) => `${work.kind} ${work.name}` === title),
      );
      const begin = runs.flatMap((works, index) =>
        works.map(({ from }) => from - (operations[index]?.window.from ?? 0)),
      );
      return [
        `${part}: ${title}`,
        median(runs.map(({ length: count }) => count)).toFixed(0),
        median(begin).toFixed(0),
        median(runs.flat().map(length)).toFixed(0),
        median(runs.map((works) => Math.max(0, ...works.map(length)))).toFixed(0),
      ];
    });
  });
  return markdownTable([[name, 'runs', 'begins, ms', 'takes, ms', 'the longest, ms'], ...rows]);
}

function workWithin({ work, window }: Watched): Watched['work'] {
  return work.filter(({ from, to }) => to > window.from && from < window.to);
}

function toolsMs({ work, window }: Watched): number {
  return coveredMs(
    work.filter(({ kind }) => kind === 'tool'),
    window,
  );
}

function ownMs(one: Watched): number {
  return coveredMs(one.work, one.window) - toolsMs(one);
}

function temporalMs(one: Watched): number {
  return length(one.window) - coveredMs(one.work, one.window);
}

/** By case and part; without the first of each, which loads modules and fills caches. */
function grouped(watched: readonly Watched[]): ReadonlyMap<string, readonly Watched[]> {
  const groups = new Map<string, Watched[]>();
  const warm = new Set<string>();
  for (const one of watched) {
    const title = `${one.name}: ${one.part}`;
    if (warm.has(title)) groups.set(title, [...(groups.get(title) ?? []), one]);
    warm.add(title);
  }
  return groups;
}
