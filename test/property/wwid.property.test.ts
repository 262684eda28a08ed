import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { sameWwid, udevWwid, wwidKey, wwidProblem } from '../../src/contract/wwid.js';

const hex = (length: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const naa = fc.oneof(hex(16), hex(32));
const vendorText = fc.stringMatching(/^[A-Z][A-Za-z0-9-]{0,7} {1,4}[A-Za-z0-9-]{1,20}$/);

test.prop([naa])('all spellings of an NAA number name one unit', (number) => {
  const udev = udevWwid(`naa.${number}\n`);
  expect(udev).toBe(`3${number}`);
  const spellings = [`naa.${number}`, `wwn-0x${number}`, `scsi-3${number}`, `0x${number}`, number];
  for (const spelling of [...spellings, ...spellings.map((text) => text.toUpperCase())]) {
    expect(sameWwid(spelling, `3${number}`)).toBe(true);
  }
});

test.prop([naa, naa])('two NAA numbers are two units', (left, right) => {
  fc.pre(left !== right);
  expect(sameWwid(`3${left}`, `3${right}`)).toBe(false);
});

test.prop([vendorText])('a vendor text has its spaces folded, once for all', (text) => {
  const udev = udevWwid(`t10.${text}`);
  expect(udev).toMatch(/^1\S+$/);
  expect(udev).not.toContain('__');
  expect(sameWwid(`t10.${text}`, `t10.${udev?.slice(1) ?? ''}`)).toBe(true);
});

test.prop([fc.oneof(naa, vendorText)])('the key of a key is the key', (text) => {
  const key = wwidKey(`naa.${text}`);
  fc.pre(!/^[23](?:[0-9a-f]{16}|[0-9a-f]{32})$/.test(key));
  expect(wwidKey(key)).toBe(key);
});

test.prop([fc.string({ unit: 'binary', maxLength: 300 })])(
  'what the kernel may say never throws, and blank text is no identity',
  (text) => {
    const udev = udevWwid(text);
    if (text.trim() === '') expect(udev).toBeUndefined();
    else expect(udev).toMatch(/^[1238]/);
    expect(typeof wwidProblem(text)).toMatch(/^(?:string|undefined)$/);
  },
);

test.each(['naa1', 'toString', 'toString.1', 'constructor'])(
  'a text without a designator type that udev knows is of another kind: %s',
  (text) => {
    expect(udevWwid(text)).toBe(`8${text}`);
  },
);
