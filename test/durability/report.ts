import { FAULTS } from './faults.js';
import type { Cell, Outcome, Row } from './matrix.js';

const WORDS = { well: 'ok', wrong: 'WRONG', none: '-' } as const;

/** The matrix as text: a row per step, a column per fault; below it what went wrong. */
export function asTable({ rows, cells, troubles }: Outcome): string {
  const titles = ['operation', 'step', ...FAULTS.map(({ name }) => name)];
  const lines = rows.map((row) => [
    row.operation.name,
    row.step,
    ...FAULTS.map(({ name }) => word(cells, row, name)),
  ]);
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const pad = (line: readonly string[]): string =>
    line
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const wrong = cells
    .filter((cell) => isWrong(cell))
    .flatMap(({ operation, step, fault, wrong: found }) =>
      found.map((what) => `WRONG ${operation.name} ${step} ${fault.name}: ${what}`),
    );
  return [...[titles, ...lines].map(pad), ...troubles, ...wrong].join('\n');
}

/** One line with counts. */
export function summary(
  { rows, cells, troubles }: Outcome,
  seconds: number,
): { readonly text: string; readonly isWell: boolean } {
  const wrong = cells.filter((cell) => isWrong(cell)).length;
  const text =
    `durability: ${rows.length} steps, ${FAULTS.length} faults, ${cells.length} cells run, ` +
    `${cells.length - wrong} ok, ${wrong} wrong, ${troubles.length} troubles, ` +
    `${Math.round(seconds)} s`;
  return { text, isWell: wrong === 0 && troubles.length === 0 };
}

function word(cells: readonly Cell[], row: Row, fault: string): string {
  const cell = cells.find(
    (each) =>
      each.operation === row.operation && each.step === row.step && each.fault.name === fault,
  );
  if (cell === undefined) return WORDS.none;
  return isWrong(cell) ? WORDS.wrong : WORDS.well;
}

function isWrong({ wrong }: Cell): boolean {
  return wrong.length > 0;
}
