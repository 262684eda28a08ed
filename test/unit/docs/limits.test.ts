import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { SCENARIOS } from '../../conformance/run-scenarios.js';

const TESTS = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8');
/** Those of the peer's that a thing like mooring could have. */
const LIMITS = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18],
  ...[19, 20, 21, 22, 23, 25, 26, 27, 28, 29],
].map((number): `L${number}` => `L${number}`);

/** File name of every test whose title names the limit. */
function filesNaming(limit: string): string[] {
  const inTitle = new RegExp(`\\[(?:L\\d+, )*${limit}(?:, L\\d+)*\\]`);
  return readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => inTitle.test(readFileSync(`${TESTS}/${name}`, 'utf8')))
    .map((name) => name.split('/').at(-1) ?? name);
}

describe.each(LIMITS)('limit %s', (limit) => {
  const row = PAGE.split('\n').find((line) => line.startsWith(`| ${limit} |`)) ?? '';
  const scenarios = SCENARIOS.filter(({ limits }) => limits?.includes(limit));

  test('is named by at least one test', () => {
    expect(scenarios.length + filesNaming(limit).length).toBeGreaterThan(0);
  });

  test('has every scenario that names it in the page', () => {
    const shown = row.match(/\b[BGM]-\d\d\b/g) ?? [];
    expect([...shown].sort()).toEqual([...new Set(scenarios.map(({ id }) => id))].sort());
  });

  test('has only such test files in the page', () => {
    const shown = row.match(/[\w-]+\.test\.ts/g) ?? [];
    expect([...shown].sort()).toEqual(filesNaming(limit).sort());
  });
});
