import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import {
  canonicalAddress,
  formatPortal,
  normalisePortal,
  parsePortal,
  portalProblem,
} from '../../src/contract/portal.js';

const port = fc.integer({ min: 1, max: 65_535 });
const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
const zeroRich = fc.array(fc.constantFrom(0, 0, 0, 1, 0xfd00, 0xffff), {
  minLength: 8,
  maxLength: 8,
});
const hostName = fc.domain();
const address = fc.oneof(
  fc.ipV4(),
  fc.oneof(groups, zeroRich).map((numbers) => canonicalAddress(written(numbers))),
  hostName,
);

function written(numbers: readonly number[]): string {
  return numbers.map((number) => number.toString(16)).join(':');
}

test.prop([address, port])('a portal that is formatted is parsed as it was', (name, number) => {
  const portal = { address: name.toLowerCase(), port: number };
  expect(portalProblem(formatPortal(portal))).toBeUndefined();
  expect(parsePortal(formatPortal(portal))).toEqual(portal);
});

test.prop([address, port])('normalising twice is normalising once', (name, number) => {
  const once = normalisePortal(formatPortal({ address: name, port: number }));
  expect(normalisePortal(once)).toBe(once);
});

test.prop([fc.oneof(groups, zeroRich), port])(
  'every spelling of an IPv6 address is one portal',
  (numbers, number) => {
    const padded = numbers.map((group) => group.toString(16).padStart(4, '0').toUpperCase());
    const dotted = `${written(numbers.slice(0, 6))}:${quad(numbers[6])}.${quad(numbers[7])}`;
    const canonical = normalisePortal(`[${written(numbers)}]:${number}`);
    expect(normalisePortal(`[${padded.join(':')}]:${number}`)).toBe(canonical);
    expect(normalisePortal(`[${dotted}]:${number}`)).toBe(canonical);
  },
);

test.prop([groups, groups, port])('two IPv6 addresses are two portals', (left, right, number) => {
  fc.pre(written(left) !== written(right));
  expect(normalisePortal(`[${written(left)}]:${number}`)).not.toBe(
    normalisePortal(`[${written(right)}]:${number}`),
  );
});

test.prop([fc.string({ unit: 'binary', maxLength: 60 })])(
  'any text is a portal or has a problem, and never throws',
  (text) => {
    const problem = portalProblem(text);
    if (problem === undefined) expect(portalProblem(normalisePortal(text))).toBeUndefined();
    else expect(() => parsePortal(text)).toThrow(RangeError);
  },
);

function quad(group = 0): string {
  return `${group >> 8}.${group & 0xff}`;
}
