import type { z } from 'zod';
import type { FieldProblem } from '../contract/field-checks.js';
import { invalidRequest } from '../contract/request-problems.js';

/**
 * Reads a request, or refuses it as a whole before anything is touched.
 *
 * @throws ApplicationFailure `InvalidRequest` - one clear message that names every wrong field
 */
export function parseRequest<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap(fieldProblems);
  throw invalidRequest(problems);
}

function fieldProblems(issue: z.core.$ZodIssue): FieldProblem[] {
  const field = fieldName(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        field: fieldName([...issue.path, key]),
        problem: 'is not a field of this request',
      }));
    case 'invalid_type':
      return [
        {
          field,
          problem:
            issue.input === undefined && !('received' in issue && issue.received !== 'undefined')
              ? `must be given, as ${issue.expected}`
              : `must be of type ${issue.expected}`,
        },
      ];
    case 'invalid_value':
      return [{ field, problem: `must be one of ${issue.values.join(', ')}` }];
    default:
      return [{ field, problem: issue.message }];
  }
}

/** `connection.paths[1].portal`; the request itself for an empty path. */
function fieldName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the request';
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`,
    )
    .join('');
}
