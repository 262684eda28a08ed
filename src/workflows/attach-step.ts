import type { ApplicationFailure } from '@temporalio/workflow';
import { createFailure } from '../contract/failures.js';
import type { HostSteps } from '../model/steps.js';
import { attachSteps, controlSteps, type StepTimes } from './activity-proxies.js';
import type { Ledger, PathEntry } from './ledger.js';
import { stepEnd } from './step-failure.js';

/** A step whose answer was lost is sent again at most this often; the deadline ends it anyway. */
const LOST_ANSWERS_MAX = 20;
/** A step that begins after its deadline gets this, and the server ends it. */
const NO_TIME_MS = 1;

/** Runs the steps of one attach on its host, all before one deadline. */
export class AttachStepRunner {
  private readonly ledger: Ledger;
  private readonly deadlineAt: number;

  /** @param deadlineAt - milliseconds since the epoch */
  constructor(ledger: Ledger, deadlineAt: number) {
    this.ledger = ledger;
    this.deadlineAt = deadlineAt;
  }

  /**
   * Runs one step of the attach; sends it again when its answer was lost and time is left.
   *
   * @param path - marked as touched unless the step provably never ran
   */
  async run<Result>(
    times: StepTimes,
    call: (steps: HostSteps) => Promise<Result>,
    path?: PathEntry,
  ): Promise<Result> {
    const { hostId } = this.ledger.key;
    const { hostWaitMs } = this.ledger.policy;
    const wasTouched = path?.touched ?? false;
    for (let lost = 0; ; lost += 1) {
      if (lost > LOST_ANSWERS_MAX) throw this.deadlineExceeded(times.summary);
      // The clock never decides which step comes next: after a workflow task that timed out a replay
      // was seen to have another time there (SDK 1.24.0), and would decide otherwise.
      const remainingMs = Math.max(this.deadlineAt - Date.now(), NO_TIME_MS);
      if (path !== undefined) path.touched = true;
      try {
        return await call(attachSteps(hostId, { ...times, hostWaitMs, remainingMs }));
      } catch (error) {
        const end = stepEnd(error);
        switch (end.kind) {
          case 'lost':
            continue;
          case 'not-taken':
            if (path !== undefined && lost === 0) path.touched = wasTouched;
            throw createFailure(
              'HostUnavailable',
              `The worker of host ${hostId} did not take "${times.summary}" within ${hostWaitMs} ms`,
              { hostId, waitedMs: hostWaitMs },
            );
          case 'out-of-time':
            throw this.deadlineExceeded(times.summary);
          case 'failed':
            throw end.failure;
          case 'cancelled':
            throw error;
        }
      }
    }
  }

  private deadlineExceeded(step: string): ApplicationFailure {
    const { deadlineMs } = this.ledger.policy;
    const message = `The attach was not done within ${deadlineMs} ms; under way: ${step}`;
    return createFailure('DeadlineExceeded', message, { deadlineMs, step });
  }

  /** A host that does not answer is away or busy: the caller hears which. */
  async runBeforePaths<Result>(
    times: StepTimes,
    call: (steps: HostSteps) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.run(times, call);
    } catch (error) {
      const end = stepEnd(error);
      if (end.kind !== 'failed' || end.failure.type !== 'HostUnavailable') throw error;
      const { message, details } = end.failure;
      const facts = (details?.[0] ?? {}) as Record<string, unknown>;
      throw createFailure('HostUnavailable', `${await describeHost(this.ledger)}${message}`, facts);
    }
  }
}

/** Whether the host's worker polls (busy) or when it was last seen (away); empty when unknown. */
export async function describeHost(ledger: Ledger): Promise<string> {
  const { hostId } = ledger.key;
  try {
    const { polling, lastSeen } = await controlSteps(
      `look for the worker of ${hostId}`,
    ).describeHost({ hostId });
    if (polling) return `Host ${hostId} has a worker, but it is busy. `;
    return lastSeen === undefined
      ? `No worker of host ${hostId} was seen in the last minutes. `
      : `The worker of host ${hostId} was last seen at ${lastSeen}. `;
  } catch {
    return '';
  }
}
