import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { StepOrder, type StepScope } from '../../../src/activities/step-order.js';

const onePath = (lun: number) => ({
  portal: '10.0.0.1:3260',
  iqn: 'iqn.2026-11.io.example:array1',
  lun,
  iface: 'default',
});
const ofPath: StepScope = { owner: 'vol-1@db-17', paths: [onePath(4)], device: false };
const ofDevice: StepScope = { owner: 'vol-1@db-17', paths: [], device: true };
const ofAll: StepScope = { owner: 'vol-1@db-17', paths: [onePath(4), onePath(5)], device: true };
const ofOthers: StepScope = { owner: 'vol-2@db-17', paths: [onePath(4)], device: true };
const never = new AbortController().signal;

let order: StepOrder;
let said: string[];

beforeEach(() => {
  order = new StepOrder();
  said = [];
});

/** Work that ends when it is told to, or is ended. */
function work(name: string): {
  readonly run: (signal?: AbortSignal) => Promise<void>;
  readonly end: () => void;
} {
  let end = (): void => undefined;
  const told = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = async (signal?: AbortSignal): Promise<void> => {
    said.push(`${name} begins`);
    const aborted = new Promise<void>((resolve) => {
      signal?.addEventListener('abort', () => {
        resolve();
      });
    });
    await Promise.race([told, aborted]);
    said.push(`${name} ends`);
    signal?.throwIfAborted();
  };
  return { run, end };
}

describe('what takes away', () => {
  test.each([
    ['a path', ofPath],
    ['the device', ofDevice],
  ])('ends what brings up %s, and begins after its end', async (_what, scope) => {
    const up = order.bringUp(scope, never, work('up').run);
    const ended = expect(up).rejects.toMatchObject({ type: 'Cancelled' });
    await turn();
    const removal = work('removal');
    const down = order.takeAway(ofAll, never, removal.run);
    removal.end();
    await Promise.all([ended, down]);
    expect(said).toEqual(['up begins', 'up ends', 'removal begins', 'removal ends']);
  });

  test('leaves other paths and other attachments alone', async () => {
    const others = [
      { ...ofPath, paths: [onePath(6)] },
      { ...ofPath, paths: [{ ...onePath(4), portal: '10.0.0.2:3260' }] },
      ofOthers,
    ].map((scope, index) => {
      const up = work(`up ${index}`);
      return { up, done: order.bringUp(scope, never, up.run) };
    });
    const removal = work('removal');
    removal.end();
    await order.takeAway(ofAll, never, removal.run);
    for (const { up } of others) up.end();
    await Promise.all(others.map(({ done }) => done));
    expect(said.indexOf('removal ends')).toBeLessThan(said.indexOf('up 0 ends'));
  });

  test('that is called off while it waits does nothing', async () => {
    const hanging = order.bringUp(ofPath, never, () => new Promise<void>(() => undefined));
    hanging.catch(() => undefined);
    const called = new AbortController();
    const down = order.takeAway(ofAll, called.signal, work('removal').run);
    called.abort(new Error('called off'));
    await expect(down).rejects.toThrow('called off');
    expect(said).toEqual([]);
  });
});

describe('what brings up', () => {
  test('waits for what takes away the same', async () => {
    const removal = work('removal');
    const down = order.takeAway(ofAll, never, removal.run);
    const up = work('up');
    const done = order.bringUp(ofPath, never, up.run);
    await turn();
    expect(said).toEqual(['removal begins']);
    removal.end();
    up.end();
    await Promise.all([down, done]);
    expect(said).toEqual(['removal begins', 'removal ends', 'up begins', 'up ends']);
  });

  test('is ended in its wait by the next removal', async () => {
    const removal = work('first');
    const down = order.takeAway(ofAll, never, removal.run);
    const up = order.bringUp(ofPath, never, work('up').run);
    const ended = expect(up).rejects.toMatchObject({ type: 'Cancelled' });
    const next = work('second');
    next.end();
    await order.takeAway(ofAll, never, next.run);
    await ended;
    removal.end();
    await down;
    expect(said).toEqual(['first begins', 'second begins', 'second ends', 'first ends']);
  });

  test('says what went wrong in it when nothing ended it', async () => {
    const failing = (): Promise<never> => Promise.reject(new Error('no route'));
    await expect(order.bringUp(ofPath, never, failing)).rejects.toThrow('no route');
  });
});
