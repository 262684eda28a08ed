import { randomUUID } from 'node:crypto';
import type { MooringClient } from '../client/mooring-client.js';
import { OperationError } from '../client/operation-error.js';
import type { CallOptions, Operation } from '../client/operation.js';
import type { CliContext } from './context.js';
import { EXIT_CODES } from './exit-codes.js';
import { goesOnText } from './goes-on-text.js';
import type { CommonOptions } from './options.js';
import { createProgress } from './output/create-progress.js';
import { printData } from './output/print.js';
import { Interrupted, untilInterrupted } from './until-interrupted.js';
import { watchOperation } from './watch-operation.js';
import { withClient } from './with-client.js';

/** What attach and detach have in common for a command line. */
interface OperationCommand<Request, Result> {
  readonly context: CliContext;
  readonly options: CommonOptions & {
    readonly wait: boolean;
    readonly quiet?: boolean;
    readonly timeout?: number;
  };
  readonly operation: 'attach' | 'detach';
  readonly request: Request;
  readonly start: (
    mooring: MooringClient,
    request: Request,
    call: CallOptions,
  ) => Promise<Operation<Result> | { readonly nothing: Result }>;
  readonly asText: (result: Result) => string;
  /** For programs; the result as it is when not given. */
  readonly asData?: (result: Result) => unknown;
}

type AnyRequest = { readonly requestId?: string | undefined } & Partial<
  Record<'volumeId' | 'hostId', unknown>
>;

/** Starts an operation, shows its steps, prints its result. */
export async function runOperation<Request extends AnyRequest, Result>(
  command: OperationCommand<Request, Result>,
): Promise<number> {
  const { context, options, operation, start, asText } = command;
  // Made here, so that it can be told to a user who leaves before there is an answer.
  const request = { ...command.request, requestId: command.request.requestId ?? randomUUID() };
  try {
    return await untilInterrupted(context, (signal) =>
      withClient(context, options, async (mooring) => {
        const { timeout } = options;
        const call = { signal, ...(timeout === undefined ? {} : { timeoutMs: timeout }) };
        const started = await start(mooring, request, call);
        if ('nothing' in started) {
          printData(context, options.output, started.nothing, () => asText(started.nothing));
        } else if (options.wait) {
          const progress = createProgress(context, options);
          const result = await watchOperation(mooring, started, progress);
          const data = command.asData?.(result) ?? result;
          printData(context, options.output, data, () => asText(result));
        } else {
          const { workflowId, runId, updateId, requestId } = started;
          const ids = { workflowId, runId, updateId, requestId };
          printData(context, options.output, ids, () => `${operation} began: ${workflowId}`);
        }
        return EXIT_CODES.ok.code;
      }),
    );
  } catch (error) {
    const goesOn = goesOnText({ operation, request, options });
    if (error instanceof Interrupted) {
      context.stderr.write(`\nmooring: interrupted. ${goesOn}\n`);
      return EXIT_CODES.interrupted.code;
    }
    if (error instanceof OperationError && error.type === 'StillRunning') {
      throw new OperationError({
        type: 'StillRunning',
        message: `The ${operation} is not done within the time given`,
        advice: goesOn,
        facts: { requestId: request.requestId },
        cause: error,
        ...(error.workflowId === undefined ? {} : { workflowId: error.workflowId }),
      });
    }
    throw error;
  }
}
