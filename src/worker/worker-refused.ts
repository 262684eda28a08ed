/** Why a worker did not start. `conflict`: somebody else does its work already. */
export type RefusalReason = 'setting' | 'unreachable' | 'conflict' | 'not-ready';

/** A worker, or a set-up, that cannot start. The message is one line and says what to do. */
export class WorkerRefused extends Error {
  override readonly name = 'WorkerRefused';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.reason = reason;
  }
}

/** What an error says, in one line: of an AggregateError the first of its errors. */
export function firstLine(error: unknown): string {
  const cause = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split('\n', 1)[0] ?? '';
}
