import { expect, test } from 'vitest';
import { classifyLoginExit, isWorthRepeating } from '../../../../src/host/iscsiadm/exit-codes.js';

test.each([
  [0, 'done'],
  [15, 'session-exists'],
  [19, 'refused'],
  [24, 'refused'],
  [21, 'no-target'],
  [4, 'unreachable'],
  [5, 'unreachable'],
  [8, 'unreachable'],
  [11, 'unreachable'],
  [33, 'unreachable'],
  [12, 'not-ready'],
  [18, 'not-ready'],
  [20, 'not-ready'],
  [1, 'trouble'],
  [6, 'trouble'],
  [22, 'trouble'],
  [255, 'trouble'],
])('a login that ends with %i is %s', (code, end) => {
  expect(classifyLoginExit(code)).toBe(end);
});

test('a call that stumbled is worth repeating, a refused one is not', () => {
  expect([1, 6, 9, 22, 23, 28, 29, 31, 32].every(isWorthRepeating)).toBe(true);
  expect([0, 4, 5, 7, 8, 12, 15, 19, 20, 21, 24].some(isWorthRepeating)).toBe(false);
});
