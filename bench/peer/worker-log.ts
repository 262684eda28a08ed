import type { Interval } from './intervals.js';

/** Something the host worker did: a step, or within one a command or a write to the kernel. */
export interface Work extends Interval {
  readonly kind: 'step' | 'tool';
  readonly name: string;
}

interface Line {
  readonly time: string;
  readonly msg: string;
  readonly durationMs?: number;
  readonly step?: string;
  readonly program?: string;
  readonly args?: string;
  readonly path?: string;
}

/** Reads what the lines of a worker's log for debugging say about its time. */
export function readWork(log: string): Work[] {
  return log.split('\n').flatMap((text) => {
    if (!text.startsWith('{')) return [];
    const line = JSON.parse(text) as Line;
    const { durationMs } = line;
    const named = nameOf(line);
    if (durationMs === undefined || named === undefined) return [];
    const to = Date.parse(line.time);
    return [{ ...named, from: to - durationMs, to }];
  });
}

function nameOf({
  msg,
  step,
  program,
  args = '',
  path = '',
}: Line): Pick<Work, 'kind' | 'name'> | undefined {
  if (step !== undefined) return { kind: 'step', name: step };
  if (msg === 'command ended') return { kind: 'tool', name: `${String(program)} ${verbOf(args)}` };
  if (msg === 'kernel write ended') {
    return { kind: 'tool', name: `write ${path.split('/').at(-1) ?? ''}` };
  }
  return undefined;
}

/** `-m node -T iqn… -p 127.0.1.1:3260 --login` is one with all other logins: `node --login`. */
function verbOf(args: string): string {
  const words = args.split(' ');
  const isNumbered = /\d/;
  const kept = words.filter(
    (word, index) =>
      (index < 2 && word !== '-m' && !isNumbered.test(word)) ||
      word.startsWith('--') ||
      words[index - 1] === '-o',
  );
  return kept.join(' ');
}
