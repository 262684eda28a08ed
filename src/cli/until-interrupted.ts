import type { CliContext } from './context.js';

/** The user wants to leave. What was started goes on. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Runs something until it ends or the user wants to leave.
 *
 * @param use - gets the signal that ends its waiting
 * @throws Interrupted, or what `use` threw
 */
export async function untilInterrupted<Result>(
  { onInterrupt }: Pick<CliContext, 'onInterrupt'>,
  use: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const left = new AbortController();
  const release = onInterrupt(() => {
    left.abort();
  });
  try {
    return await use(left.signal);
  } catch (error) {
    if (left.signal.aborted) throw new Interrupted('Interrupted', { cause: error });
    throw error;
  } finally {
    release();
  }
}
