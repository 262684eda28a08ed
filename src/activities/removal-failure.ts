import { createFailure, type FailureType } from '../contract/failures.js';
import type { RemovalOutcome } from '../privileged/verbs.js';

type Removal = Extract<RemovalOutcome, { kind: 'done' | 'already-gone' }>;
export type FailedRemoval = Exclude<RemovalOutcome, Removal>;

export function isRemoved(outcome: RemovalOutcome): outcome is Removal {
  return outcome.kind === 'done' || outcome.kind === 'already-gone';
}

/**
 * The failure of a removal that did not happen.
 *
 * @param failed - the type for an end that is neither a refusal, nor use, nor a timeout
 */
export function removalFailure(what: string, outcome: FailedRemoval, failed: FailureType): Error {
  const types: Record<FailedRemoval['kind'], FailureType> = {
    refused: 'WrongVolume',
    busy: 'DeviceInUse',
    'timed-out': 'CommandTimedOut',
    failed,
  };
  const exit = 'exitCode' in outcome ? ` (exit ${outcome.exitCode})` : '';
  return createFailure(types[outcome.kind], `${what}: ${outcome.kind}${exit}: ${outcome.said}`, {
    what,
    outcome: outcome.kind,
  });
}
