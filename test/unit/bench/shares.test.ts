import { expect, test } from 'vitest';
import { coveredMs } from '../../../bench/peer/intervals.js';
import { sharesTable, workTable } from '../../../bench/peer/shares.js';
import type { Watched } from '../../../bench/peer/watched-mooring.js';
import { readWork } from '../../../bench/peer/worker-log.js';
import { replaceSection } from '../../../bench/report/page.js';

const AT = Date.parse('2026-11-27T12:00:01.000Z');
const LOG = [
  '{"time":"2026-11-27T12:00:01.400Z","durationMs":300,"program":"iscsiadm","args":"-m node -T iqn.2026-11.io.example:a -p 127.0.1.1:3260 --login","msg":"command ended"}',
  '{"time":"2026-11-27T12:00:01.600Z","durationMs":100,"path":"/sys/class/scsi_host/host2/scan","value":"0 0 1","msg":"kernel write ended"}',
  '{"time":"2026-11-27T12:00:01.700Z","durationMs":650,"step":"ensureSession","msg":"ensureSession done"}',
  '{"time":"2026-11-27T12:00:01.700Z","msg":"worker starts"}',
  'not a line of ours',
].join('\n');

test('what overlaps counts once, what lies outside of the window not at all', () => {
  const intervals = [
    { from: 0, to: 30 },
    { from: 20, to: 40 },
    { from: 90, to: 200 },
  ];
  expect(coveredMs(intervals, { from: 10, to: 100 })).toBe(40);
});

test('a log for debugging is read as steps, and commands and kernel writes by name', () => {
  expect(readWork(LOG)).toEqual([
    { kind: 'tool', name: 'iscsiadm node --login', from: AT + 100, to: AT + 400 },
    { kind: 'tool', name: 'write scan', from: AT + 500, to: AT + 600 },
    { kind: 'step', name: 'ensureSession', from: AT + 50, to: AT + 700 },
  ]);
});

test('every instant of an operation is one of Temporal, our code and the tools', () => {
  const one: Watched = {
    name: 'mooring, 1 path',
    part: 'attach',
    window: { from: AT, to: AT + 1_000 },
    work: readWork(LOG),
    cpuMs: 120,
  };
  const cells = (table: string, row: number): string[] =>
    (table.split('\n')[row] ?? '').split('|').map((cell) => cell.trim());

  // The first of each warms up.
  const shares = sharesTable([one, one]);
  expect(cells(shares, 2)).toEqual([
    '',
    'mooring, 1 path: attach',
    '1000',
    '350',
    '250',
    '400',
    '120',
    '',
  ]);
  const work = workTable([one, one], 'mooring, 1 path');
  expect(cells(work, 2)).toEqual(['', 'attach: step ensureSession', '1', '50', '650', '650', '']);
});

test('a bench renews its own part of the page and no other', () => {
  const page = 'a\n<!-- one -->\nold\n<!-- /one -->\nb\n<!-- two -->\nkept\n<!-- /two -->\n';
  expect(replaceSection(page, 'one', 'new')).toBe(page.replace('old', 'new'));
  expect(() => replaceSection(page, 'three', 'new')).toThrow('three');
});
