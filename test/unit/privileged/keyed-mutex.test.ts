import { expect, test } from 'vitest';
import { KeyedMutex } from '../../../src/privileged/keyed-mutex.js';

/** A piece of work that ends when the test says so. */
function heldWork(): { work: () => Promise<void>; end: () => void; fail: () => void } {
  let end = (): void => undefined;
  let fail = (): void => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = () => {
      reject(new Error('the work failed'));
    };
  });
  return { work: async () => ended, end, fail };
}

test('work under one key runs one at a time, in the order of asking', async () => {
  const mutex = new KeyedMutex();
  const order: string[] = [];
  const first = heldWork();
  const runs = [
    mutex.run('a', async () => {
      order.push('first begins');
      await first.work();
      order.push('first ends');
    }),
    ...['second', 'third'].map(async (name) =>
      mutex.run('a', async () => {
        order.push(name);
        return Promise.resolve();
      }),
    ),
  ];
  first.end();
  await Promise.all(runs);
  expect(order).toEqual(['first begins', 'first ends', 'second', 'third']);
});

test('work under another key does not wait', async () => {
  const mutex = new KeyedMutex();
  const held = heldWork();
  const waiting = mutex.run('a', held.work);
  expect(await mutex.run('b', async () => Promise.resolve('done'))).toBe('done');
  held.end();
  await waiting;
});

test('work that fails lets the next one go', async () => {
  const mutex = new KeyedMutex();
  const held = heldWork();
  const failing = mutex.run('a', held.work);
  const next = mutex.run('a', async () => Promise.resolve('done'));
  held.fail();
  await expect(failing).rejects.toThrow('the work failed');
  expect(await next).toBe('done');
});

test('whoever gives up waiting does not work, and nobody overtakes because of it', async () => {
  const mutex = new KeyedMutex();
  const held = heldWork();
  const order: string[] = [];
  const first = mutex.run('a', async () => {
    await held.work();
    order.push('first');
  });
  const impatient = new AbortController();
  const second = mutex.run(
    'a',
    async () => {
      order.push('second');
      return Promise.resolve();
    },
    impatient.signal,
  );
  const third = mutex.run('a', async () => {
    order.push('third');
    return Promise.resolve();
  });
  impatient.abort(new Error('no longer wanted'));
  await expect(second).rejects.toThrow('no longer wanted');
  expect(order).toEqual([]);
  held.end();
  await Promise.all([first, third]);
  expect(order).toEqual(['first', 'third']);
});

test('nothing is kept of a key that nobody uses', async () => {
  const mutex = new KeyedMutex();
  const done = [1, 2, 3].map(async (n) => mutex.run(`key ${n}`, async () => Promise.resolve()));
  expect(mutex.size).toBe(3);
  await Promise.all(done);
  await Promise.resolve();
  expect(mutex.size).toBe(0);
});
