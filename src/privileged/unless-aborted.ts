/**
 * What the work comes to, or the signal's reason as soon as it aborts. The work itself goes on.
 *
 * @throws what the work threw, or the signal's reason
 */
export async function unlessAborted<Value>(
  work: Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  signal.throwIfAborted();
  let giveUp = (): void => undefined;
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = () => {
      // Whatever reason the caller gave is what the caller gets back.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- see above
      reject(signal.reason);
    };
  });
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
