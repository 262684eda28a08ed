import { expect, test } from 'vitest';
import { parseDuration } from '../../../src/cli/options.js';
import { formatDuration, formatSize, formatTime, printable } from '../../../src/cli/output/text.js';

test.each([
  [12, '12 ms'],
  [1_234, '1.2 s'],
  [59_940, '59.9 s'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
])('%i ms is %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test.each([
  [512, '512 B'],
  [67_108_864, '64 MiB'],
  [1_610_612_736, '1.5 GiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test('times are short and in UTC', () => {
  expect(formatTime('2026-11-23T04:05:06.789Z')).toBe('2026-11-23 04:05:06Z');
});

test('control and formatting characters are shown by their code', () => {
  expect(printable('a\u001b[31mb\u202ec\nd')).toBe('a\\u{1b}[31mb\\u{202e}c d');
});

test.each([
  ['30s', 30_000],
  ['5m', 300_000],
  ['500ms', 500],
  ['1h', 3_600_000],
  ['2', 2_000],
  ['1.5s', 1_500],
])('%s is %i ms', (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
});

test.each(['', '0', '-1s', '5 m', 'soon', '1d', '1e3'])('%j is no time', (text) => {
  expect(() => parseDuration(text)).toThrow('write a time like');
});
