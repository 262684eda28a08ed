import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import {
  applySettings,
  parseSettings,
  recordValueProblem,
} from '../../src/host/iscsiadm/node-record.js';

const name = fc.stringMatching(/^[a-z][a-z_.[\]0-9]{0,30}$/);
const value = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((text) => recordValueProblem(text) === undefined);
const settings = fc.dictionary(name, value, { maxKeys: 12, noNullPrototype: true });

function record(stored: Readonly<Record<string, string>>): string {
  const lines = Object.entries(stored).map(([key, text]) => `${key} = ${text}\n`);
  return `# BEGIN RECORD 2.1.8\n${lines.join('')}# END RECORD\n`;
}

test.prop([settings])('what is set is what is read', (wanted) => {
  const text = applySettings(record({}), wanted);
  expect(Object.fromEntries(parseSettings(text))).toEqual(wanted);
});

test.prop([settings, settings])('applying twice is applying once', (stored, wanted) => {
  const once = applySettings(record(stored), wanted);
  expect(applySettings(once, wanted)).toBe(once);
});

test.prop([settings, settings])('settings that were not named stay', (stored, wanted) => {
  const edited = parseSettings(applySettings(record(stored), wanted));
  expect(Object.fromEntries(edited)).toEqual({ ...stored, ...wanted });
});

test.prop([settings, fc.array(name)])('what is taken out is out, the rest stays', (stored, out) => {
  const removal = Object.fromEntries(out.map((key) => [key, undefined]));
  const edited = parseSettings(applySettings(record(stored), removal));
  const kept = Object.entries(stored).filter(([key]) => !out.includes(key));
  expect(Object.fromEntries(edited)).toEqual(Object.fromEntries(kept));
});

test.prop([settings])('the frame of the record stays at its ends', (wanted) => {
  const text = applySettings(record({}), wanted);
  expect(text.startsWith('# BEGIN RECORD 2.1.8\n')).toBe(true);
  expect(text.endsWith('\n# END RECORD\n')).toBe(true);
});

// Found by the property above, seed -1463007680: a line separator inside a value ended the value.
test('a value with a line separator of Unicode is one value', () => {
  const stored = { a: '!\u2028!', b: 'x\u2029y' };
  expect(Object.fromEntries(parseSettings(record(stored)))).toEqual(stored);
});
