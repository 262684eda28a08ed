import { expect, test } from 'vitest';
import { visibilityQuery } from '../../../src/client/list-attachments.js';

test('by default the open attachments are listed', () => {
  expect(visibilityQuery({})).toBe("WorkflowType = 'attachment' AND ExecutionStatus = 'Running'");
});

test('every filter is a condition', () => {
  expect(
    visibilityQuery({ hostId: 'db-17', volumeId: 'vol-1', state: 'degraded', all: true }),
  ).toBe(
    "WorkflowType = 'attachment' AND MooringHost = 'db-17' AND MooringVolume = 'vol-1' " +
      "AND MooringState = 'degraded'",
  );
});

test.each([
  ['hostId', { hostId: "x' OR 'a'='a" }],
  ['volumeId', { volumeId: 'a"b' }],
  ['state', { state: 'broken' as 'attached' }],
])('a value that could end its quotes is refused: %s', (field, filter) => {
  expect(() => visibilityQuery(filter)).toThrow(
    expect.objectContaining({ type: 'InvalidRequest', message: expect.stringContaining(field) }),
  );
});
