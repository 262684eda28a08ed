import { expect, test } from 'vitest';
import { renderFields, renderTable } from '../../../src/cli/output/table.js';

interface Row {
  readonly name: string;
  readonly count?: number;
}
const COLUMNS = [
  { header: 'NAME', value: ({ name }: Row) => name },
  { header: 'COUNT', value: ({ count }: Row) => count },
];

test('columns are aligned, and what is absent is a dash', () => {
  expect(renderTable(COLUMNS, [{ name: 'long-name', count: 3 }, { name: 'x' }])).toBe(
    ['NAME        COUNT', 'long-name   3', 'x           -'].join('\n'),
  );
});

test('a table without rows is its headers', () => {
  expect(renderTable(COLUMNS, [])).toBe('NAME   COUNT');
});

test('no cell can move the cursor or forge a line', () => {
  const text = renderTable(COLUMNS, [{ name: 'a\u001b[2Jb\nc' }]);
  expect(text).not.toContain('\u001b');
  expect(text.split('\n')).toHaveLength(2);
});

test('fields are aligned, and absent ones left out', () => {
  expect(renderFields({ State: 'attached', WWID: undefined, Device: '/dev/dm-0' })).toBe(
    ['State    attached', 'Device   /dev/dm-0'].join('\n'),
  );
});
