import { expect, test } from 'vitest';
import { isScanDue, nextScanAtMs, pauseBeforeLookMs } from '../../../src/host/scan-schedule.js';

test('scans come at 0, 4, 13 and 29 s, then every 25 s', () => {
  const times = [0, 1, 2, 3, 4, 5].map((done) => nextScanAtMs(done));
  expect(times).toEqual([0, 4_000, 13_000, 29_000, 54_000, 79_000]);
});

test('a scan is due from its time on', () => {
  expect(isScanDue({ scansDone: 1, elapsedMs: 3_999 })).toBe(false);
  expect(isScanDue({ scansDone: 1, elapsedMs: 4_000 })).toBe(true);
});

test.each([
  ['the look interval', { scansDone: 1, elapsedMs: 100 }, 50],
  ['the next scan', { scansDone: 1, elapsedMs: 3_980 }, 20],
  ['the end of the wait', { scansDone: 3, elapsedMs: 19_990 }, 10],
  ['nothing when the time is over', { scansDone: 3, elapsedMs: 21_000 }, 0],
])('a pause ends with %s', (_, progress, pauseMs) => {
  const bounds = { lookIntervalMs: 50, waitMs: 20_000 };
  expect(pauseBeforeLookMs(progress, bounds)).toBe(pauseMs);
});
