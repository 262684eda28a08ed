import { printable } from './text.js';

/** A column: its header, and what it shows of a row. */
export interface Column<Row> {
  readonly header: string;
  readonly value: (row: Row) => string | number | undefined;
}

const GAP = '   ';
const ABSENT = '-';

/** Aligned columns without borders, headers in capitals, as the tools of this trade print them. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map(({ header }) => header),
    ...rows.map((row) => columns.map(({ value }) => cell(value(row)))),
  ];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((line) => widthOf(line[index] ?? ''))),
  );
  return lines
    .map((line) =>
      line
        .map((text, index) => pad(text, widths[index] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** Names and values, one a line; what is absent is left out. */
export function renderFields(fields: Readonly<Record<string, string | undefined>>): string {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  const width = Math.max(...present.map(([name]) => name.length));
  return present
    .map(([name, value]) => `${pad(name, width)}${GAP}${printable(value ?? '')}`)
    .join('\n');
}

function cell(value: string | number | undefined): string {
  const text = value === undefined ? '' : printable(String(value));
  return text === '' ? ABSENT : text;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** In code points: near enough for ids, addresses and plain words. */
function widthOf(text: string): number {
  return Array.from(text).length;
}
