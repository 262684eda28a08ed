import { Context } from '@temporalio/activity';
import { exclusiveWorkflowId, hostTaskQueue, leftoversWorkflowId } from '../contract/ids.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import { attachRequestSchema } from '../model/attach-request.js';
import { detachRequestSchema } from '../model/detach-request.js';
import { parseRequest } from '../model/parse-request.js';
import type { ControlSteps } from '../model/steps.js';
import { translateFailure } from './failure-translation.js';
import type { LedgerAccess } from './ledger-access.js';

/** The steps that need the Temporal server and no host, for the control workers. */
export function createControlActivities({ ledger }: { ledger: LedgerAccess }): ControlSteps {
  return {
    async findConflicts({ volumeId, hostId, access }) {
      const exclusive = exclusiveWorkflowId(volumeId);
      const leftovers = leftoversWorkflowId({ volumeId, hostId });
      const [isExclusive, isCleaning, open] = await Promise.all([
        access === 'shared' && ledger.isOpen(exclusive),
        ledger.isOpen(leftovers),
        access === 'exclusive' ? ledger.listOpen(volumeId) : [],
      ]);
      return [
        ...(isCleaning ? [{ workflowId: leftovers, hostId }] : []),
        ...(isExclusive ? [{ workflowId: exclusive }] : []),
        ...open.filter(({ workflowId }) => workflowId !== exclusive),
      ];
    },

    async describeHost({ hostId }) {
      return ledger.lastPoll(hostTaskQueue(hostId));
    },

    async attachThroughEntity(request) {
      return alive(() => ledger.attach(parseRequest(attachRequestSchema, request)));
    },

    async detachThroughEntity(request) {
      return alive(() => ledger.detach(parseRequest(detachRequestSchema, request)));
    },
  };
}

/** Waits for an entity's answer; tells the server meanwhile that the wait goes on. */
async function alive<Answer>(wait: () => Promise<Answer>): Promise<Answer> {
  const context = Context.current();
  const beat = setInterval(() => {
    context.heartbeat();
  }, FIXED_BOUNDS.heartbeatIntervalMs);
  try {
    // The entity goes on when the front is cancelled: it is a front, not the work.
    return await Promise.race([wait(), context.cancelled]);
  } catch (error) {
    throw translateFailure(error);
  } finally {
    clearInterval(beat);
  }
}
