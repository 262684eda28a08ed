import { ApplicationFailure } from '@temporalio/workflow';
import { createFailure, type FailureSummary } from '../contract/failures.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import { failureWithFacts } from './step-failure.js';

/** What a caller was told. */
export interface Answer {
  /** Id of the update. */
  readonly id: string;
  readonly result?: unknown;
  readonly failure?: FailureSummary;
}

/**
 * What callers were told, by the id of their update. The server knows an id for one run only; the
 * book goes with the attachment from run to run, so that a request which is sent again gets the same
 * answer and is not carried out twice. It holds the last {@link FIXED_BOUNDS.answersKept}.
 */
export class AnswerBook {
  private readonly given: Answer[];
  private readonly underWay = new Map<string, Promise<unknown>>();

  constructor(carried: readonly Answer[] = []) {
    this.given = [...carried];
  }

  /** The last answers, oldest first. */
  get answers(): readonly Answer[] {
    return this.given;
  }

  /**
   * Answers an update: as it was answered before, with the operation that is under way for it, or
   * anew.
   *
   * @param id - of the update; without one nobody can ask again
   * @param handle - carries the request out
   * @param keep - false for a look: it is taken anew each time
   */
  answer<Result>(
    id: string | undefined,
    handle: () => Promise<Result>,
    keep: boolean,
  ): Promise<Result> {
    if (id === undefined) return handle();
    const known = this.given.find((each) => each.id === id);
    if (known !== undefined) return repeated<Result>(known);
    const same = this.underWay.get(id);
    if (same !== undefined) return same as Promise<Result>;
    const asked = this.carriedOut(id, handle, keep);
    this.underWay.set(id, asked);
    return asked;
  }

  private async carriedOut<Result>(
    id: string,
    handle: () => Promise<Result>,
    keep: boolean,
  ): Promise<Result> {
    try {
      const result = await handle();
      if (keep) this.keep({ id, result });
      return result;
    } catch (error) {
      if (keep && error instanceof ApplicationFailure) {
        this.keep({ id, failure: failureWithFacts(error) });
      }
      throw error;
    } finally {
      this.underWay.delete(id);
    }
  }

  private keep(answer: Answer): void {
    this.given.push(answer);
    if (this.given.length > FIXED_BOUNDS.answersKept) this.given.shift();
  }
}

async function repeated<Result>({ result, failure }: Answer): Promise<Result> {
  if (failure !== undefined) throw createFailure(failure.type, failure.message, failure.facts);
  return Promise.resolve(result as Result);
}
