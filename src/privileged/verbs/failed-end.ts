import type { SaidEnd } from '../verb-context.js';

/** `exitCode` and `said` of a command's end, as outcomes carry them. */
export function endFacts(end: SaidEnd): { readonly exitCode?: number; readonly said: string } {
  return end.exitCode === undefined
    ? { said: end.said }
    : { exitCode: end.exitCode, said: end.said };
}

/** A command that did not bring about what it was to. */
export function failedEnd(end: SaidEnd): {
  readonly kind: 'failed' | 'timed-out';
  readonly exitCode?: number;
  readonly said: string;
} {
  return { kind: end.timedOut ? 'timed-out' : 'failed', ...endFacts(end) };
}
