/** The middle one of some measurements; of an even number the upper of the two. */
export function median(values: readonly number[]): number {
  return sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** `MEDIAN (LEAST-MOST)`, without digits after the point. */
export function spread(values: readonly number[]): string {
  const [least = Number.NaN] = sorted(values);
  const most = sorted(values).at(-1) ?? Number.NaN;
  return `${median(values).toFixed(0)} (${least.toFixed(0)}-${most.toFixed(0)})`;
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((one, other) => one - other);
}
