import { MalformedFact } from '../malformed-fact.js';

/** A path multipathd monitors. */
export interface PathLine {
  readonly block: string;
  /** In udev's form; empty while multipathd has not identified the path. */
  readonly wwid: string;
}

/** multipathd's answer when there is nothing to list. */
const NOTHING = 'ok';
/** Its answers, and those of its client, to a question that went unanswered; the exit may be 0. */
const NO_ANSWER = /^(?:fail|timeout(?: receiving packet)?|error -?\d+ .*|permission deny.*)$/;

/**
 * Reads `multipathd show paths raw format "%d %w"`, one line a path (multipath-tools 0.9.4):
 * `sdb 36001405bea237473c2c4f98b14c7c293`.
 *
 * @returns `undefined` when the daemon gave no answer: empty output is unknown, not none. A daemon
 * without paths says `ok`
 * @throws MalformedFact for any other line: a path that is not understood must not count as absent
 */
export function parsePathLines(stdout: string): readonly PathLine[] | undefined {
  const lines = stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const [first] = lines;
  if (first === undefined || NO_ANSWER.test(first)) return undefined;
  if (lines.length === 1 && first === NOTHING) return [];
  return lines.map(parsePathLine);
}

function parsePathLine(line: string): PathLine {
  const [block, wwid = '', ...rest] = line.split(/\s+/u);
  if (block === undefined || rest.length > 0 || !/^[a-z][a-z0-9!-]*[0-9a-z]$/.test(block)) {
    throw new MalformedFact(
      'multipathd show paths',
      `unexpected line ${JSON.stringify(line.slice(0, 80))}`,
    );
  }
  return { block, wwid };
}
