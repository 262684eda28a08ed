/**
 * Checks of single fields, where zod cannot go: in the sandbox, synchronously. Each answers a list of
 * what is wrong, empty when nothing is.
 */

/** One thing that is wrong with a request. */
export interface FieldProblem {
  /** `connection.paths[1].portal` */
  readonly field: string;
  readonly problem: string;
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function unknownFields(
  prefix: string,
  value: Fields,
  known: readonly string[],
): FieldProblem[] {
  return Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => ({ field: `${prefix}${name}`, problem: 'is not a field of this request' }));
}

export function optional(
  value: unknown,
  check: (value: unknown) => FieldProblem[],
): FieldProblem[] {
  return value === undefined ? [] : check(value);
}

export function oneOf(field: string, value: unknown, choices: readonly string[]): FieldProblem[] {
  if (value === undefined || (typeof value === 'string' && choices.includes(value))) return [];
  return [{ field, problem: `must be one of ${choices.join(', ')}` }];
}

export function numberProblems(
  field: string,
  value: unknown,
  min: number,
  max: number,
): FieldProblem[] {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
    ? []
    : [{ field, problem: `must be a whole number from ${min} to ${max}` }];
}

export function textProblems(
  field: string,
  value: unknown,
  check: (text: string) => string | undefined,
): FieldProblem[] {
  if (typeof value !== 'string') return [{ field, problem: 'must be given, as text' }];
  const problem = check(value);
  return problem === undefined ? [] : [{ field, problem }];
}

export function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? undefined : `must match ${pattern.source}`);
}

export function noteProblem(note: string): string | undefined {
  return note.length > 256 || /\p{C}/u.test(note)
    ? 'must be one printable line of at most 256 characters'
    : undefined;
}
