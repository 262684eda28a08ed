import { expect, test } from 'vitest';
import { createClock } from '../../../src/simulator/clock.js';

test('a fast clock passes a minute in a moment', async () => {
  const clock = createClock(0.001);
  const [start, realStart] = [clock.now(), performance.now()];

  await clock.sleep(60_000);

  expect(clock.now() - start).toBeGreaterThanOrEqual(60_000);
  expect(performance.now() - realStart).toBeLessThan(2_000);
});

test('sleepers wake in the order of their due times and see them exactly, however late the process is', async () => {
  const clock = createClock(0.001);
  const start = clock.now();
  const seen: string[] = [];
  const sleep = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    seen.push(name);
  };
  const all = [
    sleep('long', 3_000),
    sleep('short', 1_000).then(() => sleep('after short', 1_500)),
    sleep('middle', 2_000),
  ];
  const stalledUntil = performance.now() + 20;
  while (performance.now() < stalledUntil) continue;

  await Promise.all(all);

  expect(seen).toEqual(['short', 'middle', 'after short', 'long']);
  expect(clock.now() - start).toBeGreaterThanOrEqual(3_000);
});

test('with a time scale of zero every wait is over when nothing else is to be done', async () => {
  const clock = createClock(0);
  const start = clock.now();

  await clock.sleep(86_400_000);

  expect(clock.now() - start).toBe(86_400_000);
});

test('a timer that was called off wakes nobody', async () => {
  const clock = createClock(0);
  let woken = false;
  const timer = clock.timer(10);
  void timer.elapsed.then(() => (woken = true));

  timer.cancel();
  await clock.sleep(20);

  expect(woken).toBe(false);
});
