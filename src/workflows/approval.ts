import { condition } from '@temporalio/workflow';
import { createFailure } from '../contract/failures.js';
import type { Approval } from '../model/operations.js';
import type { Ledger } from './ledger.js';

/** Where a person decides about a step that loses data. Never decided by a timer. */
export class ApprovalDesk {
  private readonly ledger: Ledger;
  private decision: Approval | undefined;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /**
   * Waits for a person, as `needs-approval`: in the state, the list and the details.
   *
   * @param question - what would be done, and what would be lost
   * @throws ApplicationFailure `NeedsApproval` when the person refuses
   */
  async ask(question: string): Promise<Approval> {
    const { ledger } = this;
    const { state } = ledger.entry;
    this.decision = undefined;
    ledger.entry.question = question;
    ledger.setState('needs-approval');
    try {
      await condition(() => this.decision !== undefined);
    } finally {
      delete ledger.entry.question;
      ledger.setState(state);
    }
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
   * @throws ApplicationFailure `InvalidRequest` when nothing was asked
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
    this.decision = approval;
    return question;
  }

  private taken(): Approval {
    if (this.decision === undefined) {
      throw createFailure('InternalFault', 'The wait for an approval ended without one');
    }
    return this.decision;
  }
}
