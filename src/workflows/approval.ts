import { condition } from '@temporalio/workflow';
import { createFailure } from '../contract/failures.js';
import type { Approval } from '../model/operations.js';
import type { Ledger } from './ledger.js';

/** The operation that asks. */
export interface Asker {
  /** A person is asked: the host has answered. */
  readonly onAsk: () => void;
  /** Whether the operation ends with this error only to go on in another run. */
  readonly isBrokenOff: (error: unknown) => boolean;
}

/** Where a person decides about a step that loses data. Never decided by a timer. */
export class ApprovalDesk {
  private readonly ledger: Ledger;
  private readonly asker: Asker;
  private decision: Approval | undefined;

  constructor(ledger: Ledger, asker: Asker) {
    this.ledger = ledger;
    this.asker = asker;
  }

  /** A person is asked and has not decided. */
  get isUndecided(): boolean {
    return this.ledger.entry.question !== undefined && this.decision === undefined;
  }

  /**
   * Waits for a person, as `needs-approval`: in the state, the list and the details.
   *
   * @param question - what would be done, and what would be lost
   * @throws ApplicationFailure `NeedsApproval` when the person refuses
   */
  async ask(question: string): Promise<Approval> {
    const { ledger } = this;
    this.decision = undefined;
    this.asker.onAsk();
    ledger.entry.question = question;
    ledger.setState('needs-approval');
    try {
      await condition(() => this.decision !== undefined);
    } catch (error) {
      // It stays asked, and the next run waits for the answer.
      if (!this.asker.isBrokenOff(error)) this.close();
      throw error;
    }
    this.close();
    const decision = this.taken();
    if (decision.decision === 'approve') return decision;
    throw createFailure(
      'NeedsApproval',
      `${decision.requestedBy} refused: ${decision.reason}. Nothing was removed; asked was: ${question}`,
      { refusedBy: decision.requestedBy, reason: decision.reason },
    );
  }

  /**
   * A person's decision. Answers with the question it decides.
   *
   * @throws ApplicationFailure `InvalidRequest` when nothing was asked, or somebody came first
   */
  decide(approval: Approval): string {
    const { question } = this.ledger.entry;
    if (question === undefined) {
      throw createFailure(
        'InvalidRequest',
        `Nothing waits for an approval: ${approval.volumeId} is ${this.ledger.entry.state}`,
        { state: this.ledger.entry.state },
      );
    }
    if (this.decision !== undefined) {
      const { requestedBy, decision } = this.decision;
      throw createFailure(
        'InvalidRequest',
        `It is decided already: ${requestedBy} said ${decision}`,
        { decidedBy: requestedBy, decision },
      );
    }
    this.decision = approval;
    return question;
  }

  private close(): void {
    delete this.ledger.entry.question;
    this.ledger.setState('detaching');
  }

  private taken(): Approval {
    if (this.decision === undefined) {
      throw createFailure('InternalFault', 'The wait for an approval ended without one');
    }
    return this.decision;
  }
}
