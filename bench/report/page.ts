import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { TEMPORAL_CLI_VERSION } from '../../src/demo/temporal-version.js';

/** Far above zero: others were at work, and the figures wait to be renewed. */
const [LOAD_BEFORE = Number.NaN] = loadavg();
const PAGE = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));

/**
 * Prints what a bench found; with `--write` it also takes the place of what docs/performance.md has
 * between the markers of that bench.
 */
export async function publish(
  bench: string,
  parts: readonly string[],
  { write }: { readonly write: boolean },
): Promise<void> {
  const text = [...parts, measuredOn()].join('\n\n');
  process.stdout.write(`${text}\n`);
  if (!write) return;
  const page = await readFile(PAGE, 'utf8');
  await writeFile(PAGE, replaceSection(page, bench, text));
}

/** @throws Error when the page has no markers of that name */
export function replaceSection(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`The page has no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
}

/** Figures mean nothing without it. */
function measuredOn(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  return [
    new Date().toISOString().slice(0, 10),
    `${String(availableParallelism())} cores (${model})`,
    `Node ${process.version}`,
    `Temporal CLI ${TEMPORAL_CLI_VERSION}`,
    `load before: ${LOAD_BEFORE.toFixed(1)}`,
  ].join(', ');
}
