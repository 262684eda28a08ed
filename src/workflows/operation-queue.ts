import { condition, currentUpdateInfo } from '@temporalio/workflow';
import { FIXED_BOUNDS } from '../contract/policy.js';
import type {
  OperationKind,
  OperationRequests,
  OperationResults,
  WaitingOperation,
} from './carried-state.js';

/** What each operation does in its turn. */
export type Turns = {
  readonly [Kind in OperationKind]: (
    request: OperationRequests[Kind],
  ) => Promise<OperationResults[Kind]>;
};

/** Runs operations one after the other, first come first served, on plain promises. */
export class OperationQueue {
  /** Operations without an outcome, in the order of their turns. */
  readonly waiting: WaitingOperation[] = [];
  private readonly turns: Turns;
  private readonly isHeld: () => boolean;
  private isInTurn = false;
  private tail: Promise<unknown> = Promise.resolve();

  /** @param isHeld - whether those that wait are left to the next run */
  constructor(turns: Turns, isHeld: () => boolean) {
    this.turns = turns;
    this.isHeld = isHeld;
  }

  /** Whether an operation has begun and not ended. */
  get isRunning(): boolean {
    return this.isInTurn;
  }

  /** So many wait that no other is let in. */
  get isFull(): boolean {
    return this.waiting.length >= FIXED_BOUNDS.waitingMax;
  }

  /**
   * Runs when everything before it has ended; its own failure stops nobody.
   *
   * @param updateId - of the update that asks for it; by default the one that is being handled
   */
  async run<Kind extends OperationKind>(
    kind: Kind,
    request: OperationRequests[Kind],
    updateId = currentUpdateInfo()?.id,
  ): Promise<OperationResults[Kind]> {
    const operation = { kind, request, ...(updateId === undefined ? {} : { updateId }) };
    this.waiting.push(operation);
    const turn = this.tail.then(() => this.turn(kind, request));
    this.tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.waiting.splice(this.waiting.indexOf(operation), 1);
    }
  }

  private async turn<Kind extends OperationKind>(
    kind: Kind,
    request: OperationRequests[Kind],
  ): Promise<OperationResults[Kind]> {
    if (this.isHeld()) await condition(() => !this.isHeld());
    this.isInTurn = true;
    try {
      return await this.turns[kind](request);
    } finally {
      this.isInTurn = false;
    }
  }

  /** Makes the next operation wait for this as well, though its caller got an answer already. */
  hold(work: Promise<unknown>): void {
    const before = this.tail;
    this.tail = work.catch(() => undefined).then(() => before);
  }
}
