import type { Client } from '@temporalio/client';
import { toOperationError } from './operation-error.js';
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

  /**
   * Runs a part of the call within its bounds.
   *
   * @throws OperationError - whatever the part threw
   */
  async run<Result>(part: () => Promise<Result>, workflowId?: string): Promise<Result> {
    const { client, signal, deadlineAt } = this;
    // The SDK (1.24.0) leaves a listener on its signal with every request: each part gets its own.
    const bounded = deadlineAt === undefined ? part : () => client.withDeadline(deadlineAt, part);
    try {
      return await (signal === undefined
        ? bounded()
        : client.withAbortSignal(AbortSignal.any([signal]), bounded));
    } catch (error) {
      throw toOperationError(error, workflowId === undefined ? {} : { workflowId });
    }
  }
}
