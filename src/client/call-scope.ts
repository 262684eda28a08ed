import type { Client } from '@temporalio/client';
import { OperationError, toOperationError } from './operation-error.js';
import type { CallOptions } from './operation.js';

/** One call's bounds, over all the requests to the server it consists of. */
export class CallScope {
  readonly deadlineAt: number | undefined;
  private readonly client: Client;
  private readonly signal: AbortSignal | undefined;

  constructor(client: Client, { timeoutMs, signal }: CallOptions) {
    this.client = client;
    this.deadlineAt = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
    this.signal = signal;
  }

  /** Whether the caller has stopped waiting. */
  get isLeft(): boolean {
    return this.signal?.aborted === true;
  }

  /**
   * Runs a part of the call within its bounds.
   *
   * @throws OperationError - whatever the part threw; `StillRunning` at a bound
   */
  async run<Result>(part: () => Promise<Result>, workflowId?: string): Promise<Result> {
    const { client, signal, deadlineAt } = this;
    const bounded = deadlineAt === undefined ? part : () => client.withDeadline(deadlineAt, part);
    try {
      return await (signal === undefined ? bounded() : this.untilLeft(signal, bounded));
    } catch (error) {
      throw toOperationError(error, workflowId === undefined ? {} : { workflowId });
    }
  }

  private async untilLeft<Result>(
    signal: AbortSignal,
    part: () => Promise<Result>,
  ): Promise<Result> {
    const left = (): OperationError =>
      new OperationError({ type: 'StillRunning', message: 'The caller stopped waiting' });
    if (signal.aborted) throw left();
    const done = new AbortController();
    const leaving = new Promise<never>((_resolve, reject) => {
      const leave = (): void => {
        reject(left());
      };
      signal.addEventListener('abort', leave, { signal: done.signal });
    });
    // The SDK (1.24.0) leaves a listener on its signal with every request, and does not hear of an
    // abort that came before the request: so each part gets a signal of its own, and we listen too.
    const own = AbortSignal.any([signal]);
    try {
      return await Promise.race([this.client.withAbortSignal(own, part), leaving]);
    } finally {
      done.abort();
    }
  }
}
