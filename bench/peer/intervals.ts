/** From when to when, in ms of one clock. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** How long at least one of them lasts within a window, in ms. */
export function coveredMs(intervals: readonly Interval[], window: Interval): number {
  const clipped = intervals
    .map(({ from, to }) => ({ from: Math.max(from, window.from), to: Math.min(to, window.to) }))
    .filter(({ from, to }) => to > from)
    .sort((one, other) => one.from - other.from);
  let covered = 0;
  let end = window.from;
  for (const { from, to } of clipped) {
    if (to <= end) continue;
    covered += to - Math.max(from, end);
    end = to;
  }
  return covered;
}
