import { describe, expect, test } from 'vitest';
import type { HistoryStep } from '../../../src/client/history-step.js';
import { createProgress } from '../../../src/cli/output/create-progress.js';
import { TextSink } from '../../cli/text-sink.js';

const BASE: HistoryStep = {
  id: 5,
  runId: 'run-1',
  kind: 'activity',
  step: 'ensureSession',
  summary: 'log in to 10.0.0.1:3260',
  startedAt: '2026-11-23T04:05:06.000Z',
  outcome: 'waiting',
};
const ENDED: HistoryStep = { ...BASE, outcome: 'done', endedAt: '2026-11-23T04:05:07.500Z' };
const FAILED: HistoryStep = {
  ...ENDED,
  outcome: 'failed',
  attempt: 2,
  failure: { type: 'PortalUnreachable', message: 'no\u001b[31m answer' },
};

function display(options: { isTTY?: boolean; columns?: number; env?: Record<string, string> }): {
  sink: TextSink;
  progress: ReturnType<typeof createProgress>;
} {
  const sink = new TextSink(options);
  const { env = {} } = options;
  const context = {
    env,
    stdin: process.stdin,
    stdout: sink,
    stderr: sink,
    onInterrupt: () => () => undefined,
  };
  return { sink, progress: createProgress(context, { color: true }) };
}

describe('in a log', () => {
  test('a step has a line when it begins and one when it ends', () => {
    const { sink, progress } = display({});
    progress.show({ change: 'began', step: BASE });
    progress.show({ change: 'changed', step: { ...BASE, outcome: 'running' } });
    progress.show({ change: 'ended', step: ENDED });
    progress.end();
    expect(sink.text).toBe('· log in to 10.0.0.1:3260\n✔ log in to 10.0.0.1:3260 1.5 s\n');
  });

  test('a failure says its type and message, harmless for a terminal', () => {
    const { sink, progress } = display({});
    progress.show({ change: 'ended', step: FAILED });
    expect(sink.text).toBe(
      '✖ log in to 10.0.0.1:3260 1.5 s, attempt 2\n' +
        '    PortalUnreachable: no\\u{1b}[31m answer\n',
    );
  });

  test('a host that is away is told, ordinary states and inner timers are not', () => {
    const { sink, progress } = display({});
    const moment = { kind: 'state', endedAt: BASE.startedAt, outcome: 'done' } as const;
    progress.show({ change: 'ended', step: { ...BASE, ...moment, step: 'attached' } });
    progress.show({ change: 'began', step: { ...BASE, kind: 'timer', step: 't', summary: 't' } });
    progress.show({ change: 'ended', step: { ...BASE, ...moment, step: 'waiting-for-host' } });
    expect(sink.text).toBe('! waiting for the host to come back\n');
  });
});

describe('on a terminal', () => {
  test('steps under way are drawn again, finished ones stay', () => {
    const { sink, progress } = display({ isTTY: true });
    progress.show({ change: 'began', step: BASE });
    progress.show({ change: 'began', step: { ...BASE, id: 6, summary: 'second' } });
    progress.show({ change: 'ended', step: ENDED });
    progress.end();
    expect(sink.screen()).toEqual(['✔ log in to 10.0.0.1:3260 1.5 s']);
  });

  test('a long line is cut to the width, so that it takes one row', () => {
    const { sink, progress } = display({ isTTY: true, columns: 30, env: { NO_COLOR: '1' } });
    progress.show({ change: 'began', step: { ...BASE, summary: 'x'.repeat(100) } });
    for (const line of sink.screen()) expect(line.length).toBeLessThanOrEqual(30);
    progress.end();
    expect(sink.screen()).toEqual([]);
  });

  test('many steps at once are counted', () => {
    const { sink, progress } = display({ isTTY: true });
    for (let id = 0; id < 20; id += 1) progress.show({ change: 'began', step: { ...BASE, id } });
    expect(sink.screen().at(-1)).toBe('  and 8 more');
    progress.end();
  });

  test('NO_COLOR and a dumb terminal are respected', () => {
    const plain = display({ isTTY: true, env: { NO_COLOR: '1' } });
    plain.progress.show({ change: 'ended', step: FAILED });
    plain.progress.end();
    expect(plain.sink.text).not.toContain('\u001b');
    const dumb = display({ isTTY: true, env: { TERM: 'dumb' } });
    dumb.progress.show({ change: 'began', step: BASE });
    dumb.progress.end();
    expect(dumb.sink.text).toBe('· log in to 10.0.0.1:3260\n');
  });
});
