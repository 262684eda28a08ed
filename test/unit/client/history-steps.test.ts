import { describe, expect, test } from 'vitest';
import { stepDurationMs, type HistoryStep } from '../../../src/client/history-step.js';
import { HistoryReader, historySteps } from '../../../src/client/history-steps.js';
import { recordedEvents } from './recorded-history.js';

function steps(scenario: string, kind?: HistoryStep['kind']): HistoryStep[] {
  const all = historySteps('run-1', recordedEvents(scenario));
  return kind === undefined ? all : all.filter((step) => step.kind === kind);
}

describe('a recorded attach and detach', () => {
  const all = steps('attach-and-detach');

  test('has its two updates, with host, id and asker', () => {
    const [attach, detach, ...others] = all.filter(({ kind }) => kind === 'update');
    expect(others).toEqual([]);
    expect(attach).toMatchObject({ step: 'attach', outcome: 'done', requestedBy: 'mooring-test' });
    expect(attach?.summary).toMatch(/^attach vol-/);
    expect(attach?.host).toMatch(/^host-/);
    expect(attach?.updateId).toMatch(/^[0-9a-f-]{36}$/);
    expect(detach).toMatchObject({ step: 'detach', outcome: 'done' });
  });

  test('has every step with its summary, host, queue, worker, attempt and duration', () => {
    const logins = all.filter(({ step }) => step === 'ensureSession');
    expect(logins.map(({ summary }) => summary).sort()).toEqual([
      'log in to 10.0.0.1:3260',
      'log in to 10.0.0.2:3260',
      'log in to 10.0.0.3:3260',
      'log in to 10.0.0.4:3260',
    ]);
    for (const login of logins) {
      expect(login).toMatchObject({ outcome: 'done', attempt: 1, worker: 'mooring-test' });
      expect(login.queue).toBe(`mooring-host/${login.host ?? ''}`);
      expect(stepDurationMs(login)).toBeGreaterThan(0);
    }
  });

  test('names no host for a step of a control worker', () => {
    const look = all.find(({ step }) => step === 'findConflicts');
    expect(look).toMatchObject({ queue: 'mooring-control', outcome: 'done' });
    expect(look).not.toHaveProperty('host');
  });

  test('passes through its states to the end of the run', () => {
    const states = all.filter(({ kind }) => kind === 'state').map(({ step }) => step);
    expect(states).toEqual(['attaching', 'attached', 'detaching', 'detached']);
    expect(all.at(-1)).toMatchObject({ kind: 'run', step: 'closed', outcome: 'done' });
  });

  test('is in the order in which the steps began', () => {
    const ids = all.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((left, right) => left - right));
  });
});

describe('a failed attach', () => {
  const all = steps('absent-lun-undone');

  test('says why on its update and on its run', () => {
    const failure = { type: 'LunNotFound' };
    const update = all.find(({ kind }) => kind === 'update');
    expect(update).toMatchObject({ outcome: 'failed', failure });
    expect(all.at(-1)).toMatchObject({ kind: 'run', outcome: 'failed', failure });
  });

  test('shows the steps that failed and those that undid the rest', () => {
    const found = all.filter(({ step }) => step === 'findPathDevice');
    expect(found).toHaveLength(4);
    for (const step of found) {
      expect(step).toMatchObject({ outcome: 'failed', failure: { type: 'LunNotFound' } });
    }
    const undone = all.filter(({ step }) => step === 'releaseSession');
    expect(undone.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'done']);
  });
});

test('a step nobody took is timed out, with the kind of its timeout', () => {
  const [login] = steps('host-never-answers').filter(({ step }) => step === 'ensureSession');
  expect(login).toMatchObject({ outcome: 'timed-out', failure: { type: 'SCHEDULE_TO_START' } });
  expect(login).not.toHaveProperty('worker');
});

test('a cancelled step is neither done nor failed', () => {
  const outcomes = steps('detach-ends-attach', 'activity').map(({ outcome }) => outcome);
  expect(outcomes).toContain('cancelled');
  expect(outcomes).not.toContain('failed');
});

test('a host that is away shows as a state', () => {
  const states = steps('detach-waits-for-host', 'state').map(({ step }) => step);
  expect(states).toContain('waiting-for-host');
});

test('a reader tells of a step when it begins, when it is taken and when it ends', () => {
  const reader = new HistoryReader('run-1');
  const seen: string[] = [];
  for (const event of recordedEvents('attach-and-detach')) {
    for (const step of reader.read(event)) {
      if (step.summary === 'log in to 10.0.0.1:3260') seen.push(step.outcome);
    }
  }
  expect(seen).toEqual(['waiting', 'running', 'done']);
});

test('half a history leaves its steps open', () => {
  const events = recordedEvents('attach-and-detach');
  const scheduled = events.findLastIndex((event) => event.activityTaskScheduledEventAttributes);
  const all = historySteps('run-1', events.slice(0, scheduled + 1));
  expect(all.at(-1)).toMatchObject({ kind: 'activity', outcome: 'waiting' });
  expect(all.at(-1)).not.toHaveProperty('endedAt');
});

test('events whose beginning is missing are left out', () => {
  const events = recordedEvents('attach-and-detach');
  const completed = events.filter((event) => event.activityTaskCompletedEventAttributes);
  expect(completed.length).toBeGreaterThan(0);
  expect(historySteps('run-1', completed)).toEqual([]);
});

test('a payload that cannot be read costs its text and nothing else', () => {
  const events = recordedEvents('attach-and-detach').map((event) =>
    event.userMetadata?.summary === undefined
      ? event
      : {
          ...event,
          userMetadata: {
            summary: {
              metadata: { encoding: Buffer.from('binary/encrypted') },
              data: Buffer.of(1),
            },
          },
        },
  );
  const login = historySteps('run-1', events).find(({ step }) => step === 'ensureSession');
  expect(login).toMatchObject({ summary: 'ensureSession', outcome: 'done' });
});
