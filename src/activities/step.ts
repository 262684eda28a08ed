import { Context } from '@temporalio/activity';
import type { z } from 'zod';
import { createFailure } from '../contract/failures.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import { readHostIdentity } from '../host/host-identity.js';
import { parseRequest } from '../model/parse-request.js';
import type { Seen } from '../model/steps.js';
import { translateFailure } from './failure-translation.js';
import type { HostContext } from './host-context.js';
import type { StepScope } from './step-order.js';

interface FencedInput {
  readonly hostId: string;
  readonly machineId?: string | undefined;
}

/** What a step's own code gets. */
export interface StepRun<Input> {
  readonly host: HostContext;
  readonly input: Input;
  /** Aborts when the step is cancelled or its worker stops. Waits obey it, commands do not. */
  readonly signal: AbortSignal;
}

/**
 * The frame around every step on a host: the input is checked, the fence holds, the server hears
 * that the step lives, and what goes wrong leaves as a failure of the catalogue.
 *
 * @throws InvalidRequest, WrongHost, HostReplaced, and whatever the step's own code means
 */
export function hostStep<Schema extends z.ZodType<FencedInput>, Result>(
  host: HostContext,
  schema: Schema,
  run: (step: StepRun<z.output<Schema>>) => Promise<Result>,
): (input: z.input<Schema>) => Promise<Result & Seen> {
  return async (raw) => {
    const { cancellationSignal: signal, cancelled } = Context.current();
    // The promise rejects on cancel; the signal says the same to those who wait.
    cancelled.catch(() => undefined);
    const beat = setInterval(() => {
      Context.current().heartbeat();
    }, FIXED_BOUNDS.heartbeatIntervalMs);
    try {
      const input = parseRequest(schema, raw);
      const identity = await readHostIdentity(host.files);
      checkFence(host, input, identity);
      const result = await run({ host, input, signal });
      return { ...result, ...identity };
    } catch (error) {
      // An aborted wait looks like an ordinary error; the reason behind it is the cancellation.
      throw translateFailure(signal.aborted ? signal.reason : error);
    } finally {
      clearInterval(beat);
    }
  };
}

type OrderedStep = <Schema extends z.ZodType<FencedInput>, Result>(
  host: HostContext,
  schema: Schema,
  scopeOf: (input: z.output<Schema>) => StepScope,
  run: (step: StepRun<z.output<Schema>>) => Promise<Result>,
) => (input: z.input<Schema>) => Promise<Result & Seen>;

/** A step that brings up what its scope says. It ends when that is taken away, see `StepOrder`. */
export const bringUpStep: OrderedStep = (host, schema, scopeOf, run) =>
  hostStep(host, schema, ({ input, signal: own }) =>
    host.stepOrder.bringUp(scopeOf(input), own, (signal) => run({ host, input, signal })),
  );

/** A step that takes away what its scope says, once nothing brings that up any more. */
export const takeAwayStep: OrderedStep = (host, schema, scopeOf, run) =>
  hostStep(host, schema, (step) =>
    host.stepOrder.takeAway(scopeOf(step.input), step.signal, () => run(step)),
  );

/** Two workers that answer for one host id would break pinning silently. */
function checkFence(host: HostContext, input: FencedInput, seen: Seen): void {
  if (input.hostId !== host.hostId) {
    throw createFailure(
      'WrongHost',
      `A step for host ${input.hostId} reached the worker of ${host.hostId}`,
      { expected: input.hostId, seen: host.hostId },
    );
  }
  if (input.machineId !== undefined && input.machineId !== seen.machineId) {
    throw createFailure(
      'HostReplaced',
      `Host ${host.hostId} is another system than the one the volume was attached to`,
      { expected: input.machineId, seen: seen.machineId },
    );
  }
}
