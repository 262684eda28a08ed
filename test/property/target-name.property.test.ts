import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import {
  targetNameKey,
  targetNameProblem,
  targetNameWarning,
} from '../../src/contract/target-name.js';

const label = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,10}$/);
const regular = fc
  .tuple(
    fc.integer({ min: 1990, max: 2099 }),
    fc.integer({ min: 1, max: 12 }),
    fc.array(label, { minLength: 2, maxLength: 4 }),
    fc.option(fc.stringMatching(/^:[a-z0-9:.-]{1,30}$/), { nil: '' }),
  )
  .map(([year, month, labels, rest]) => {
    return `iqn.${year}-${String(month).padStart(2, '0')}.${labels.join('.')}${rest}`;
  });

test.prop([regular])('a regular name is accepted without a warning, in any letter case', (name) => {
  for (const spelling of [name, name.toUpperCase()]) {
    expect(targetNameProblem(spelling)).toBeUndefined();
    expect(targetNameWarning(spelling)).toBeUndefined();
    expect(targetNameKey(spelling)).toBe(targetNameKey(name));
  }
});

test.prop([regular, fc.constantFrom('/', '\\', ' ', '\n', '\0', '\u202e', '\t')])(
  'a name with what could confuse a path or a terminal is refused',
  (name, bad) => {
    expect(targetNameProblem(`${name}${bad}x`)).toBeDefined();
  },
);

test.prop([fc.string({ unit: 'binary', maxLength: 300 })])(
  'an accepted name is one path component and one argument',
  (name) => {
    fc.pre(targetNameProblem(name) === undefined);
    expect(name).not.toMatch(/^-|[/\s]|^\.\.?$/u);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(223);
  },
);
