import { expect, test } from 'vitest';
import { attachUpdateId, detachUpdateId } from '../../../src/client/update-ids.js';

// UUIDv7: runs of one minute share their beginning.
const [earlier, later] = [
  '019b08f2-6a1c-7d7e-8a55-0f3c2ab7d001',
  '019b08f2-6a1c-7d7e-9b11-77aa01c2e9f4',
];

test('an attach where there is no run, or an open one, has its request id', () => {
  expect(attachUpdateId('order-1', undefined)).toBe('order-1');
  expect(attachUpdateId('order-1', { runId: earlier, isOpen: true })).toBe('order-1');
});

test('an attach after a closed run has an id that run has never seen, the same each time', () => {
  const [first, again] = [0, 1].map(() =>
    attachUpdateId('order-1', { runId: earlier, isOpen: false }),
  );
  expect(first).toBe('order-1~0f3c2ab7d001');
  expect(again).toBe(first);
});

test('a repetition that finds the run of the first try has the id of the first try', () => {
  const first = attachUpdateId('order-1', { runId: earlier, isOpen: false });
  const again = attachUpdateId('order-1', { runId: later, isOpen: true, after: earlier });
  expect(again).toBe(first);
});

test('runs that began in the same minute give different ids', () => {
  const ids = [earlier, later].map((runId) => attachUpdateId('order-1', { runId, isOpen: false }));
  expect(new Set(ids).size).toBe(2);
});

test('a detach never has the id of an attach with the same request id', () => {
  expect(detachUpdateId('order-1')).not.toBe(attachUpdateId('order-1', undefined));
});
