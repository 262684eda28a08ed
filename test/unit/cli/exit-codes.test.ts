import { expect, test } from 'vitest';
import { CLIENT_ERRORS } from '../../../src/client/client-errors.js';
import { OperationError, type OperationErrorType } from '../../../src/client/operation-error.js';
import { describeExitCodes, EXIT_CODES, exitCodeOf } from '../../../src/cli/exit-codes.js';
import { failureTypes } from '../../../src/contract/failures.js';

const TYPES = [...failureTypes(), ...Object.keys(CLIENT_ERRORS)] as OperationErrorType[];

test.each(TYPES)('%s has an exit code of the table, and not that of success', (type) => {
  const code = exitCodeOf(new OperationError({ type, message: 'm' }));
  const codes: number[] = Object.values(EXIT_CODES).map(({ code: each }) => each);
  expect(codes).toContain(code);
  expect(code).not.toBe(0);
});

test.each([
  ['InvalidRequest', 2],
  ['ServerUnreachable', 3],
  ['HostUnavailable', 3],
  ['DeviceInUse', 4],
  ['WrongVolume', 4],
  ['NotFound', 5],
  ['AttachedElsewhere', 6],
  ['Busy', 6],
  ['LoginRefused', 1],
  ['CleanupIncomplete', 7],
  ['StillRunning', 124],
] as const)('%s ends with %i', (type, code) => {
  expect(exitCodeOf({ type, facts: {} })).toBe(code);
});

test('an unfinished cleanup weighs more than its cause', () => {
  expect(exitCodeOf({ type: 'LoginRefused', facts: { undoFinished: false } })).toBe(7);
  expect(exitCodeOf({ type: 'LoginRefused', facts: { undoFinished: true } })).toBe(1);
});

test('the table for people has every code', () => {
  for (const { code, means } of Object.values(EXIT_CODES)) {
    expect(describeExitCodes()).toMatch(new RegExp(` ${code}  ${means}`));
  }
});
