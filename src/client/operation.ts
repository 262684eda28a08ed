/**
 * Bounds of one call.
 *
 * @example
 * ```ts
 * await mooring.attach(request, { timeoutMs: 90_000, signal: AbortSignal.any([shutdown]) });
 * ```
 */
export interface CallOptions {
  /** The caller stops waiting then; the work goes on. Default: none. */
  readonly timeoutMs?: number;
  /** Stops the wait, not the work. */
  readonly signal?: AbortSignal;
}

/**
 * An attach or detach that a control worker has taken: it is durable from here on, whatever becomes
 * of the caller.
 *
 * @example
 * ```ts
 * const operation = await mooring.startAttach(request);
 * log(`started as ${operation.workflowId}`);
 * const { stablePath } = await operation.result();
 * ```
 */
export interface Operation<Result> {
  readonly workflowId: string;
  /** The run that has it. An attach that meets the end of a run goes on to the next one. */
  readonly runId: string;
  readonly updateId: string;
  /** Give it again to repeat the call without repeating the work. */
  readonly requestId: string;
  /**
   * Waits for the outcome.
   *
   * @throws OperationError
   */
  result(): Promise<Result>;
}
