import { randomUUID } from 'node:crypto';
import type { Client, WorkflowUpdateHandle } from '@temporalio/client';
import { WorkflowNotFoundError, type UpdateDefinition } from '@temporalio/common';
import { exclusiveWorkflowId, sharedWorkflowId } from '../contract/ids.js';
import { CallScope } from './call-scope.js';
import { answerAcrossRuns } from './closed-runs.js';
import { OperationError } from './operation-error.js';
import type { CallOptions } from './operation.js';
import { takeUp } from './take-up.js';

/** Which attachment a call is for, and the intent it repeats. */
interface AddressedRequest {
  readonly volumeId: string;
  readonly hostId: string;
  readonly requestId?: string | undefined;
}

/** Where the attachment may be: exclusive, or shared with other hosts. */
export function possibleIds({
  volumeId,
  hostId,
}: Pick<AddressedRequest, 'volumeId' | 'hostId'>): string[] {
  return [exclusiveWorkflowId(volumeId), sharedWorkflowId(volumeId, hostId)];
}

/**
 * Sends a request to the open attachment of its volume and waits for the answer.
 *
 * @throws OperationError `NotFound` when nothing of the volume is open
 */
export async function callAttachment<Result, Request extends AddressedRequest>(
  client: Client,
  update: UpdateDefinition<Result, [Request]>,
  request: Request,
  options: CallOptions,
): Promise<Result> {
  const scope = new CallScope(client, options);
  // Never that of another operation with the same request id. Request ids never hold a slash.
  const updateId = `${update.name}/${request.requestId ?? randomUUID()}`;
  for (const workflowId of possibleIds(request)) {
    const answer = await scope.run(async () => {
      const send = (): Promise<WorkflowUpdateHandle<Result>> =>
        takeUp(client, scope, () =>
          client.workflow.getHandle(workflowId).startUpdate(update, {
            waitForStage: 'ACCEPTED',
            updateId,
            args: [request],
          }),
        );
      try {
        return { result: await answerAcrossRuns(client, await send(), send) };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      }
    }, workflowId);
    if (answer !== undefined) return answer.result;
  }
  const { volumeId, hostId } = request;
  throw new OperationError({
    type: 'NotFound',
    message: `Volume ${volumeId} is not attached to host ${hostId}`,
    facts: { volumeId, hostId },
  });
}
