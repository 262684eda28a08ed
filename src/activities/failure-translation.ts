import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { createFailure } from '../contract/failures.js';
import { MalformedFact } from '../host/malformed-fact.js';
import { isMissingProgram } from '../privileged/command-runner.js';
import { CommandFailure } from '../privileged/command-failure.js';
import { InvalidInput } from '../privileged/input-checks.js';
import { SecretMissing } from '../privileged/verbs.js';

/** Messages of unforeseen errors are cut: they may hold anything. */
const UNFORESEEN_MAX_CHARACTERS = 512;

/** Turns whatever a step threw into a failure of the catalogue. Cancellation stays what it is. */
export function translateFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (isMissingProgram(error)) return createFailure('HostNotReady', error.message);
  if (error instanceof SecretMissing) {
    return createFailure('SecretUnavailable', error.message, { secretRef: error.secretRef });
  }
  if (error instanceof InvalidInput) return createFailure('InvalidRequest', error.message);
  if (error instanceof CommandFailure || error instanceof MalformedFact) {
    return createFailure('HostNotReady', shortened(error.message));
  }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    // A file that cannot be read or written means "unknown", and unknown removes nothing.
    return createFailure(
      'HostNotReady',
      `A file of the host could not be used (${error.code}): ${shortened(error.message)}`,
      { code: error.code },
    );
  }
  const seen = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return createFailure('InternalFault', shortened(seen));
}

function shortened(text: string): string {
  return text.slice(0, UNFORESEEN_MAX_CHARACTERS);
}
