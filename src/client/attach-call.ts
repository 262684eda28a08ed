import {
  WithStartWorkflowOperation,
  type Client,
  type WorkflowUpdateHandle,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { createFailure } from '../contract/failures.js';
import { attachmentWorkflowId, CONTROL_TASK_QUEUE, type AttachmentKey } from '../contract/ids.js';
import { ATTACHMENT_WORKFLOW } from '../contract/names.js';
import * as attributes from '../contract/search-attributes.js';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult } from '../model/attach-result.js';
import { attachUpdate } from '../workflows/messages.js';
import type { CallScope } from './call-scope.js';
import {
  hasCarriedOn,
  hasClosedUnderneath,
  refuseEndedByForce,
  wasLeftOut,
} from './closed-runs.js';
import { findRun, type FoundRun } from './find-attachment.js';
import { toNumber } from './payloads.js';
import { takeUp } from './take-up.js';
import { AFTER_MEMO, attachUpdateId } from './update-ids.js';

/**
 * An attach that arrives just as its run closes, or that a worker leaves out of its answer, is sent
 * again; more often means something else.
 */
const TRIES_MAX = 4;

/** An attach as it was sent. */
interface SentAttach {
  /** The latest run when it was sent. */
  readonly before: FoundRun | undefined;
  readonly update: WorkflowUpdateHandle<AttachResult>;
}

/**
 * Sends an attach to its entity, which is started when it is not there.
 *
 * One intent, one answer: a repeated request id reaches the first attempt's update, see
 * {@link attachUpdateId}. What is left is a run that closes between the look and the sending. Then
 * either the server says so and the attach is sent again; or the closed run answers with what it
 * answered before the call, and that answer is thrown away.
 */
export class AttachCall {
  private readonly client: Client;
  private readonly scope: CallScope;
  private readonly request: AttachRequest;
  private readonly requestId: string;
  private tries = 0;
  private latest: SentAttach | undefined;

  constructor(client: Client, scope: CallScope, request: AttachRequest & { requestId: string }) {
    this.client = client;
    this.scope = scope;
    this.request = request;
    this.requestId = request.requestId;
  }

  /** The update that has the request; another one after its run has closed. */
  get update(): WorkflowUpdateHandle<AttachResult> | undefined {
    return this.latest?.update;
  }

  /** Sends it, and again while its run closes under it. */
  async send(): Promise<SentAttach> {
    for (;;) {
      this.tries += 1;
      try {
        this.latest = await this.sendOnce();
        return this.latest;
      } catch (error) {
        if (this.tries >= TRIES_MAX || !hasClosedUnderneath(error)) throw error;
      }
    }
  }

  /** Waits for the outcome of this intent. */
  async outcome(sent: SentAttach): Promise<AttachResult> {
    for (let latest = sent; ; latest = await this.send()) {
      const { result, error } = await settle(latest.update);
      const hasClosed = result === undefined && hasClosedUnderneath(error);
      if (hasClosed) {
        // Another run has taken over what this one left unanswered: that is no failed try.
        if (await hasCarriedOn(this.client, latest.update)) this.tries = 0;
        else await refuseEndedByForce(this.client, latest.update);
      }
      const isUnanswered = hasClosed || wasLeftOut(error);
      if (!isUnanswered && !(await isOutcomeOfThePast(this.client, latest))) {
        if (result === undefined) throw error;
        return result;
      }
      if (this.tries >= TRIES_MAX) {
        if (wasLeftOut(error)) throw error;
        const { volumeId, hostId } = this.request;
        const message = `The attachment of ${volumeId} to ${hostId} closed again and again`;
        throw createFailure('Busy', message, { hostId });
      }
    }
  }

  private async sendOnce(): Promise<SentAttach> {
    const { client, request, requestId } = this;
    const { volumeId, hostId, access } = request;
    const key: AttachmentKey = { volumeId, hostId, access };
    const workflowId = attachmentWorkflowId(key);
    const before = await findRun(client, workflowId);
    const updateId = attachUpdateId(requestId, before);
    const update = await takeUp(client, this.scope, () =>
      client.workflow.startUpdateWithStart(attachUpdate, {
        startWorkflowOperation: startOperation(key, workflowId, before),
        waitForStage: 'ACCEPTED',
        updateId,
        args: [request],
      }),
    );
    return { before, update };
  }
}

function startOperation(
  key: AttachmentKey,
  workflowId: string,
  before: FoundRun | undefined,
): WithStartWorkflowOperation<(input: AttachmentKey) => Promise<unknown>> {
  return new WithStartWorkflowOperation(ATTACHMENT_WORKFLOW, {
    workflowId,
    taskQueue: CONTROL_TASK_QUEUE,
    args: [key],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `volume ${key.volumeId} on host ${key.hostId}`,
    ...(before === undefined || before.isOpen ? {} : { memo: { [AFTER_MEMO]: before.runId } }),
    typedSearchAttributes: new TypedSearchAttributes([
      { key: attributes.HOST_ATTRIBUTE, value: key.hostId },
      { key: attributes.VOLUME_ATTRIBUTE, value: key.volumeId },
      { key: attributes.STATE_ATTRIBUTE, value: 'attaching' },
    ]),
  });
}

async function settle(
  update: WorkflowUpdateHandle<AttachResult>,
): Promise<{ result?: AttachResult; error?: unknown }> {
  try {
    return { result: await update.result() };
  } catch (error) {
    return { error };
  }
}

/**
 * Whether an outcome was there before the call, in a run that has closed since. Costs nothing when a
 * run was started for the call, one look when it was open before.
 */
async function isOutcomeOfThePast(
  client: Client,
  { before, update }: SentAttach,
): Promise<boolean> {
  if (before === undefined || update.workflowRunId !== before.runId) return false;
  const now = await findRun(client, before.workflowId, before.runId);
  if (now === undefined || now.isOpen) return false;
  // Carried on, not ended: what it answered still holds.
  if (now.description.status.name === 'CONTINUED_AS_NEW') return false;
  const { events } = await client.workflow
    .getHandle(before.workflowId, before.runId)
    .fetchHistory();
  const completed = events?.find(
    ({ workflowExecutionUpdateCompletedEventAttributes: attributesOf }) =>
      attributesOf?.meta?.updateId === update.updateId,
  );
  return completed !== undefined && toNumber(completed.eventId) <= before.description.historyLength;
}
