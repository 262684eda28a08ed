import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { failureTypes } from '../../../src/contract/failures.js';
import { POLICY_BOUNDS, POLICY_NAMES } from '../../../src/contract/policy.js';
import { ATTACHMENT_STATES } from '../../../src/contract/states.js';

function page(name: string): string {
  return readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
}

test('every failure has its entry, in the order of the catalogue', () => {
  const headings = page('failures.md').match(/^## \w+$/gm) ?? [];
  expect(headings.map((heading) => heading.slice(3))).toEqual(failureTypes());
});

test.each(POLICY_NAMES)('the page of policies tells default and bounds of %s', (name) => {
  const { default: value, min, max, why } = POLICY_BOUNDS[name];
  expect(page('policy.md')).toContain(`| \`${name}\` | ${value} | ${min} - ${max} | ${why} |`);
});

test.each(ATTACHMENT_STATES)('the page for operators says what %s means', (state) => {
  expect(page('operations.md')).toContain(`\`${state}\``);
});
