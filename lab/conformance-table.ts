/** How a scenario ended on one kind of host. */
export type Verdict =
  | { readonly kind: 'pass' | 'fail' }
  /** With the physical reason. */
  | { readonly kind: 'cannot'; readonly why: string };

export interface Row {
  readonly id: string;
  readonly claim: string;
  /** By kind of host; a kind that was not asked for is missing. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

/** The table as text: one line a scenario, reasons below it. */
export function asText(rows: readonly Row[], kinds: readonly string[]): string {
  const idWidth = Math.max(...rows.map(({ id }) => id.length));
  const widths = kinds.map((kind) => Math.max(kind.length, 'cannot'.length));
  const head = [
    'scenario'.padEnd(idWidth),
    ...kinds.map((kind, at) => kind.padEnd(widths[at] ?? 0)),
  ];
  const lines = rows.flatMap(({ id, claim, verdicts }) => {
    const cells = kinds.map((kind, at) => wordOf(verdicts.get(kind)).padEnd(widths[at] ?? 0));
    const reasons = kinds.flatMap((kind) => reasonOf(kind, verdicts.get(kind)));
    return [
      [id.padEnd(Math.max(idWidth, 'scenario'.length)), ...cells, claim].join('  '),
      ...reasons.map((reason) => `${' '.repeat(idWidth)}    ${reason}`),
    ];
  });
  return [[...head, 'claim'].join('  '), ...lines, '', ...summary(rows, kinds)].join('\n');
}

/** The same for a document. */
export function asMarkdown(rows: readonly Row[], kinds: readonly string[]): string {
  const cell = (verdict: Verdict | undefined): string =>
    verdict?.kind === 'cannot' ? `cannot: ${verdict.why}` : wordOf(verdict);
  const lines = rows.map(({ id, claim, verdicts }) =>
    [id, claim, ...kinds.map((kind) => cell(verdicts.get(kind)))].join(' | '),
  );
  const head = ['scenario', 'claim', ...kinds];
  const table = [head.join(' | '), head.map(() => '---').join(' | '), ...lines];
  return `${table.map((line) => `| ${line} |`).join('\n')}\n\n${summary(rows, kinds).join('\n\n')}\n`;
}

/** One line a kind: how many ended how. */
function summary(rows: readonly Row[], kinds: readonly string[]): string[] {
  return kinds.map((kind) => {
    const count = (wanted: Verdict['kind']): number =>
      rows.filter(({ verdicts }) => verdicts.get(kind)?.kind === wanted).length;
    const total = rows.filter(({ verdicts }) => verdicts.has(kind)).length;
    const parts = [`${String(count('pass'))} of ${String(total)} pass`];
    if (count('fail') > 0) parts.push(`${String(count('fail'))} fail`);
    if (count('cannot') > 0) parts.push(`${String(count('cannot'))} cannot run there`);
    return `${kind}: ${parts.join(', ')}`;
  });
}

function wordOf(verdict: Verdict | undefined): string {
  if (verdict === undefined) return '-';
  return verdict.kind === 'fail' ? 'FAIL' : verdict.kind;
}

function reasonOf(kind: string, verdict: Verdict | undefined): string[] {
  return verdict?.kind === 'cannot' ? [`${kind} cannot: ${verdict.why}`] : [];
}
