import {
  isFields,
  oneOf,
  optional,
  textProblems,
  noteProblem,
  unknownFields,
  type FieldProblem,
} from './field-checks.js';
import { identityProblems } from './request-problems.js';

/** What is wrong with the requests of all operations but the attach. Same rules as in `src/model`. */

const IDENTITY = ['volumeId', 'hostId', 'requestId', 'requestedBy', 'reason'] as const;
const NO_OBJECT: FieldProblem[] = [{ field: 'the request', problem: 'must be an object' }];

/** Everything wrong with a detach request. */
export function detachRequestProblems(request: unknown): FieldProblem[] {
  if (!isFields(request)) return NO_OBJECT;
  return [
    ...unknownFields('', request, [
      'volumeId',
      'hostId',
      'mode',
      'requestId',
      'requestedBy',
      'reason',
    ]),
    ...identityProblems(request),
    ...oneOf('mode', request.mode, ['normal', 'force']),
  ];
}

/** Everything wrong with a request that names a volume and a host and nothing else. */
export function volumeRequestProblems(request: unknown): FieldProblem[] {
  if (!isFields(request)) return NO_OBJECT;
  return [...unknownFields('', request, IDENTITY), ...identityProblems(request)];
}

/** Everything wrong with the request for a plan. */
export function planRequestProblems(request: unknown): FieldProblem[] {
  if (!isFields(request)) return NO_OBJECT;
  return [
    ...unknownFields('', request, [...IDENTITY, 'operation', 'mode']),
    ...identityProblems(request),
    ...oneOf('operation', request.operation, ['detach', 'repair']),
    ...oneOf('mode', request.mode, ['normal', 'force']),
  ];
}

/** Everything wrong with an approval: a person decides, so who and why must be said. */
export function approvalProblems(request: unknown): FieldProblem[] {
  if (!isFields(request)) return NO_OBJECT;
  return [
    ...unknownFields('', request, [...IDENTITY, 'decision']),
    ...identityProblems(request),
    ...oneOf('decision', request.decision, ['approve', 'refuse']),
    ...personProblems(request),
  ];
}

/** Everything wrong with a statement that a host is gone for good. */
export function abandonProblems(request: unknown): FieldProblem[] {
  if (!isFields(request)) return NO_OBJECT;
  return [
    ...unknownFields('', request, [...IDENTITY, 'evenIfAlive']),
    ...identityProblems(request),
    ...optional(request.evenIfAlive, (why) => textProblems('evenIfAlive', why, statedProblem)),
    ...personProblems(request),
  ];
}

function personProblems(request: Readonly<Record<string, unknown>>): FieldProblem[] {
  return [
    ...textProblems('requestedBy', request.requestedBy, statedProblem),
    ...textProblems('reason', request.reason, statedProblem),
  ];
}

function statedProblem(text: string): string | undefined {
  return text.trim() === '' ? 'must be given, as text' : noteProblem(text);
}
