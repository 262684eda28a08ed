import { median } from '../../lab/medians.js';

/** One line of the plot: somebody's measurements of one case. */
export interface PlotRow {
  readonly title: string;
  readonly places: readonly {
    readonly by: keyof typeof COLORS;
    readonly attachMs: readonly number[];
    readonly detachMs: readonly number[];
  }[];
}

const COLORS = { mooring: '#0b6e99', 'os-brick': '#c4572a', 'bare tools': '#7a7a7a' } as const;

const WIDTH = 1_000;
const TITLE_WIDTH = 210;
const PANEL_GAP = 60;
const PANEL_WIDTH = (WIDTH - TITLE_WIDTH - PANEL_GAP - 70) / 2;
const TOP = 84;
const LINE_HEIGHT = 22;
const ROW_GAP = 14;

/** Attach and detach side by side: medians as dots, least to most as lines, seconds on a log scale. */
export function plotMedians(rows: readonly PlotRow[]): string {
  const heights = rows.map(({ places }) => places.length * LINE_HEIGHT + ROW_GAP);
  const bottom = TOP + heights.reduce((sum, height) => sum + height, 0);
  const panels = (['attachMs', 'detachMs'] as const).map((part, index) =>
    panel(rows, part, TITLE_WIDTH + index * (PANEL_WIDTH + PANEL_GAP), bottom),
  );
  const titles = rowTops(rows).map(({ row, top }) => {
    const middle = top + (row.places.length * LINE_HEIGHT) / 2;
    return text(TITLE_WIDTH - 16, middle + 4, row.title, 'end');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(bottom + 40)}" font-family="sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...legend(),
    ...titles,
    ...panels.flat(),
    '</svg>',
    '',
  ].join('\n');
}

function legend(): string[] {
  return Object.entries(COLORS).flatMap(([by, color], index) => {
    const x = TITLE_WIDTH + index * 120;
    return [dot(x + 6, 24, color), text(x + 18, 28, by)];
  });
}

function panel(
  rows: readonly PlotRow[],
  part: 'attachMs' | 'detachMs',
  left: number,
  bottom: number,
): string[] {
  const scale = logScale(
    rows.flatMap(({ places }) => places.flatMap((place) => place[part])),
    left,
  );
  const lines = rowTops(rows).flatMap(({ row, top }) =>
    row.places.flatMap((place, index) => {
      const y = top + index * LINE_HEIGHT + LINE_HEIGHT / 2;
      return place[part].length === 0 ? [] : mark(place[part], scale.x, y, COLORS[place.by]);
    }),
  );
  return [
    text(left, TOP - 28, `${part === 'attachMs' ? 'attach' : 'detach'}, seconds on a log scale`),
    ...scale.ticks.flatMap((seconds) => {
      const x = scale.x(seconds * 1_000);
      return [
        `<line x1="${num(x)}" x2="${num(x)}" y1="${num(TOP - 8)}" y2="${num(bottom)}" stroke="#e2e2e2"/>`,
        text(x, bottom + 18, String(seconds), 'middle'),
      ];
    }),
    ...lines,
  ];
}

/** Ticks at 1, 2 and 5 of each decade that is needed. */
function logScale(
  values: readonly number[],
  left: number,
): { readonly ticks: readonly number[]; readonly x: (ms: number) => number } {
  const steps = [-1, 0, 1, 2, 3].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));
  const first = steps.findLast((step) => step * 1_000 <= Math.min(...values)) ?? 0.1;
  const last = steps.find((step) => step * 1_000 >= Math.max(...values)) ?? 5_000;
  const ticks = steps
    .filter((step) => step >= first && step <= last)
    .map((step) => Number(step.toPrecision(1)));
  const width = Math.log(last / first);
  return { ticks, x: (ms) => left + (Math.log(ms / 1_000 / first) / width) * PANEL_WIDTH };
}

function mark(
  values: readonly number[],
  x: (ms: number) => number,
  y: number,
  color: string,
): string[] {
  const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)];
  return [
    `<line x1="${num(x(least))}" x2="${num(x(most))}" y1="${num(y)}" y2="${num(y)}" stroke="${color}" stroke-width="2"/>`,
    dot(x(middle), y, color),
    text(x(most) + 9, y + 4, inSeconds(middle), 'start', color),
  ];
}

function inSeconds(ms: number): string {
  return (ms / 1_000).toFixed(ms < 10_000 ? 1 : 0);
}

function rowTops(
  rows: readonly PlotRow[],
): readonly { readonly row: PlotRow; readonly top: number }[] {
  let top = TOP;
  return rows.map((row) => {
    const here = top;
    top += row.places.length * LINE_HEIGHT + ROW_GAP;
    return { row, top: here };
  });
}

function dot(x: number, y: number, color: string): string {
  return `<circle cx="${num(x)}" cy="${num(y)}" r="5" fill="${color}"/>`;
}

function text(x: number, y: number, words: string, anchor = 'start', color = '#222222'): string {
  return `<text x="${num(x)}" y="${num(y)}" text-anchor="${anchor}" fill="${color}">${words}</text>`;
}

function num(value: number): string {
  return value.toFixed(1);
}
