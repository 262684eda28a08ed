/**
 * Third line of defence: requests carry references, verbs hide what tools say, and what still has a
 * telling name is hidden here, at any depth.
 */

const HIDDEN = '[hidden]';
const TELLING_NAME =
  /pass(?:word|wd|phrase)|secret|token|api[-_]?key|credential|authorization|private[-_]?key/i;
/** Names that look telling and hold no secret: operators need them. */
const HARMLESS_NAMES = new Set(['secretRef', 'secretsDirectory']);
/** Nothing that is logged is deeper, except by mistake. */
const DEPTH_MAX = 8;

/** A copy of log fields in which whatever is named like a secret is hidden. */
export function hideSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  return hideIn(fields, 0);
}

function hideIn(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      TELLING_NAME.test(name) && !HARMLESS_NAMES.has(name) ? HIDDEN : shown(value, depth + 1),
    ]),
  );
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) return '[too deep]';
  if (value instanceof Error) return shownError(value, depth);
  if (Array.isArray(value)) return value.map((item) => shown(item, depth + 1));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value;
  return hideIn(value as Record<string, unknown>, depth);
}

/** Name, code, message and causes. Other properties of an error may hold anything, a command line too. */
function shownError(error: Error, depth: number): Record<string, unknown> {
  return {
    name: error.name,
    ...('type' in error && typeof error.type === 'string' ? { type: error.type } : {}),
    ...('code' in error ? { code: shown(error.code, depth + 1) } : {}),
    message: error.message,
    ...(error.cause === undefined ? {} : { cause: shown(error.cause, depth + 1) }),
  };
}
