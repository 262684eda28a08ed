import { FIXED_BOUNDS } from '../contract/policy.js';

const HIDDEN = '[redacted]';

/**
 * Makes a command's words fit for messages and logs: secrets replaced, control characters escaped,
 * and of what is long only the end, where tools say what went wrong.
 *
 * @returns at most `FIXED_BOUNDS.stderrExcerptBytes` bytes
 */
export function redact(text: string, secrets: Iterable<string>): string {
  // Longest first: a secret may be a part of another one.
  const ordered = [...secrets]
    .filter((secret) => secret !== '')
    .sort((a, b) => b.length - a.length);
  let clean = text.trim();
  // Before the cut: half a secret would not be found any more.
  for (const secret of ordered) clean = clean.replaceAll(secret, () => HIDDEN);
  return lastBytes(clean.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, escapeCharacter));
}

function escapeCharacter(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function lastBytes(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= FIXED_BOUNDS.stderrExcerptBytes) return text;
  let start = bytes.length - FIXED_BOUNDS.stderrExcerptBytes;
  // Not in the middle of a character: UTF-8 continues with 10xxxxxx.
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start).toString();
}
