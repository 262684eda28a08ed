import { expect, test } from 'vitest';
import { dataIsWrittenBack, type WriteBackFacts } from '../../../src/host/write-back-gate.js';

const written: WriteBackFacts = {
  what: 'map mpatha',
  usable: 2,
  isWritten: true,
  said: '',
  data: 'write-back',
};
const unwritten = { ...written, isWritten: false, said: 'I/O error' };

test('a write-back that went well opens the gate', () => {
  expect(dataIsWrittenBack(written)).toMatchObject({
    passed: true,
    evidence: 'map mpatha was written back over 2 usable paths',
  });
});

test('one that did not shuts it, with what was said', () => {
  expect(dataIsWrittenBack(unwritten)).toMatchObject({
    passed: false,
    evidence: 'map mpatha was not written back, with 2 usable paths: I/O error',
  });
});

test('an approved loss opens it, and stays on record', () => {
  expect(dataIsWrittenBack({ ...unwritten, usable: 0, data: 'may-be-lost' })).toMatchObject({
    passed: true,
    evidence: expect.stringMatching(/0 usable paths: I\/O error; its loss is approved/),
  });
});

test('where nothing may be written nothing is said to be', () => {
  const { passed, evidence } = dataIsWrittenBack({ ...unwritten, data: 'discard' });
  expect(passed).toBe(true);
  expect(evidence).toContain('nothing was to be written back');
});
