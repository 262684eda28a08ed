import { expect, test } from 'vitest';
import { redact } from '../../../src/privileged/redact.js';

test('a secret is replaced wherever it stands', () => {
  expect(redact('password s3cret, again s3cret', ['s3cret'])).toBe(
    'password [redacted], again [redacted]',
  );
});

test('a secret that is part of another one leaves nothing of either', () => {
  expect(redact('abcdef', ['abc', 'abcdef'])).toBe('[redacted]');
});

test('a secret with signs of patterns is taken literally', () => {
  expect(redact('x$&.*x', ['$&.*'])).toBe('x[redacted]x');
});

test('control characters are escaped', () => {
  expect(redact('a\u001b[31mb\r\nc\u202ed', [])).toBe('a\\u{1b}[31mb\\u{d}\\nc\\u{202e}d');
});

test('of long text the last 512 bytes are kept, in whole characters', () => {
  const cut = redact(`${'x'.repeat(600)}${'ü'.repeat(300)}`, []);
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(512);
  expect(cut).toBe('ü'.repeat(256));
});

test('a secret across the cut leaves no half of it', () => {
  const text = `${'a'.repeat(100)}marker-secret${'b'.repeat(505)}`;
  expect(redact(text, ['marker-secret'])).not.toContain('secret');
});

test('an empty secret hides nothing', () => {
  expect(redact('words', [''])).toBe('words');
});
