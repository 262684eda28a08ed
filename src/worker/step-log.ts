import { metricMeter, type Info } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptors, ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Logger } from 'pino';
import { FAILURES, isFailureType } from '../contract/failures.js';
import { STEP_FAILURES_METRIC } from './metrics.js';

/**
 * One line per step, when it has ended. Only what no retry can mend is a warning: a step that may
 * pass is tried again, and the one who waits for it hears of the last failure. A try that the server
 * makes again is no end: its failure is in the history, and here for debugging.
 */
export function stepLog(logger: Logger): ActivityInterceptorsFactory {
  return ({ info }): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        const start = performance.now();
        const { activityType: step, attempt, workflowExecution } = info;
        const about = (): Record<string, unknown> => ({
          step,
          workflowId: workflowExecution?.workflowId,
          ...inputFacts(input.args[0]),
          ...(attempt === 1 ? {} : { attempt }),
          durationMs: Math.round(performance.now() - start),
        });
        try {
          const result: unknown = await next(input);
          logger.info(about(), `${step} done`);
          return result;
        } catch (error) {
          if (error instanceof CancelledFailure) {
            logger.info(about(), `${step} cancelled`);
            throw error;
          }
          const type = failureType(error);
          metricMeter
            .createCounter(STEP_FAILURES_METRIC, '1', 'Steps that failed')
            .add(1, { type });
          const message = error instanceof Error ? error.message : String(error);
          const level = !isPassing(type) ? 'warn' : isTriedAgain(info) ? 'debug' : 'info';
          logger[level]({ ...about(), failure: type, said: message }, `${step} failed`);
          throw error;
        }
      },
    },
  });
}

function failureType(error: unknown): string {
  return error instanceof ApplicationFailure && typeof error.type === 'string'
    ? error.type
    : 'InternalFault';
}

function isPassing(type: string): boolean {
  return isFailureType(type) && FAILURES[type].class === 'passing';
}

/** Whether the server makes another try after a failure that may pass. */
function isTriedAgain({ attempt, retryPolicy }: Info): boolean {
  if (retryPolicy === undefined) return false;
  const { maximumAttempts = 0 } = retryPolicy;
  return maximumAttempts === 0 || attempt < maximumAttempts;
}

/** Which portal a step is about, when it is about one. Everything else stands in the history. */
function inputFacts(input: unknown): { portal?: string } {
  if (typeof input !== 'object' || input === null || !('path' in input)) return {};
  const { path } = input;
  return typeof path === 'object' && path !== null && 'portal' in path
    ? { portal: String(path.portal) }
    : {};
}
