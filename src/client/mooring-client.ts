import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { z } from 'zod';
import { attachRequestSchema, type AttachRequestInput } from '../model/attach-request.js';
import type { AttachResult, DetachResult } from '../model/attach-result.js';
import type { AttachmentView } from '../model/attachment.js';
import { detachRequestSchema, type DetachRequestInput } from '../model/detach-request.js';
import {
  abandonRequestSchema,
  approvalSchema,
  planRequestSchema,
  volumeRequestSchema,
  type AbandonRequestInput,
  type ApprovalInput,
  type PlanRequestInput,
  type VolumeRequest,
} from '../model/operations.js';
import type { AbandonResult, PlanResult, VerifyResult } from '../model/plan.js';
import { parseRequest } from '../model/parse-request.js';
import {
  abandonUpdate,
  approveUpdate,
  planUpdate,
  repairUpdate,
  stateQuery,
  verifyUpdate,
} from '../workflows/messages.js';
import { callAttachment } from './attachment-call.js';
import { AttachCall } from './attach-call.js';
import { CallScope } from './call-scope.js';
import { detachOutcome, nothingToDetach, sendDetach } from './detach-call.js';
import { findAttachment, type AttachmentName, type FoundRun } from './find-attachment.js';
import { followHistory, type FollowTarget, type StepEvent } from './follow.js';
import type { HistoryStep } from './history-step.js';
import { historySteps } from './history-steps.js';
import { listAttachments, type AttachmentRow, type ListFilter } from './list-attachments.js';
import { OperationError, toOperationError } from './operation-error.js';
import type { CallOptions, Operation } from './operation.js';
import { withPendingActivities } from './pending-steps.js';
import { hasControlWorker } from './take-up.js';

/** A query needs a control worker; a healthy one answers within milliseconds. */
const QUERY_TIMEOUT_MS = 10_000;

/**
 * mooring for programs. Every method rejects with an {@link OperationError} and with nothing else.
 *
 * @example
 * ```ts
 * const client = await connect(readConnectionSettings());
 * const mooring = new MooringClient(client);
 * const { stablePath } = await mooring.attach({
 *   volumeId: 'vol-7f3c',
 *   hostId: 'db-17',
 *   connection: {
 *     paths: [{ portal: '10.0.0.1:3260', iqn: 'iqn.2026-11.io.example:array1', lun: 4 }],
 *   },
 *   requestId: 'order-4711',
 * });
 * ```
 */
export class MooringClient {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /**
   * Attaches a volume and waits until its device is safe to use. The same request id gives the same
   * answer for as long as the volume stays attached; after a detach it attaches anew.
   */
  async attach(request: AttachRequestInput, options: CallOptions = {}): Promise<AttachResult> {
    return (await this.startAttach(request, options)).result();
  }

  /** Starts an attach and returns once it is durable. */
  async startAttach(
    input: AttachRequestInput,
    options: CallOptions = {},
  ): Promise<Operation<AttachResult>> {
    const { client } = this;
    const scope = new CallScope(client, options);
    const request = withRequestId(
      await scope.run(() => Promise.resolve(parseRequest(attachRequestSchema, input))),
    );
    const { requestId } = request;
    const call = new AttachCall(client, scope, request);
    const sent = await scope.run(() => call.send());
    return {
      workflowId: sent.update.workflowId,
      get runId() {
        return call.update?.workflowRunId ?? '';
      },
      get updateId() {
        return call.update?.updateId ?? '';
      },
      requestId,
      result: () => scope.run(() => call.outcome(sent), sent.update.workflowId),
    };
  }

  /**
   * Detaches a volume: writes back, removes, releases. Waits for a host that is away. Nothing
   * attached is a success with `wasAttached: false`.
   */
  async detach(request: DetachRequestInput, options: CallOptions = {}): Promise<DetachResult> {
    const operation = await this.startDetach(request, options);
    return 'result' in operation ? operation.result() : operation.nothing;
  }

  /** Starts a detach and returns once it is durable, or says that there is nothing to detach. */
  async startDetach(
    input: DetachRequestInput,
    options: CallOptions = {},
  ): Promise<Operation<DetachResult> | { readonly nothing: DetachResult }> {
    const { client } = this;
    const scope = new CallScope(client, options);
    const request = withRequestId(
      await scope.run(() => Promise.resolve(parseRequest(detachRequestSchema, input))),
    );
    const update = await scope.run(() => sendDetach(client, scope, request));
    if (update === undefined) {
      return { nothing: await scope.run(() => nothingToDetach(client, request)) };
    }
    const { workflowId, workflowRunId, updateId } = update;
    return {
      workflowId,
      runId: workflowRunId ?? '',
      updateId,
      requestId: request.requestId,
      result: () => scope.run(() => detachOutcome(client, scope, update, request), workflowId),
    };
  }

  /** Compares the host with the ledger; changes nothing. */
  async verify(request: VolumeRequest, options: CallOptions = {}): Promise<VerifyResult> {
    const parsed = await this.parsed(volumeRequestSchema, request);
    return callAttachment(this.client, verifyUpdate, parsed, options);
  }

  /** Brings up what is missing, whatever it was missing for, and the device over it. */
  async repair(request: VolumeRequest, options: CallOptions = {}): Promise<AttachResult> {
    const parsed = await this.parsed(volumeRequestSchema, request);
    return callAttachment(this.client, repairUpdate, parsed, options);
  }

  /** What a detach or a repair would do now, gate by gate; changes nothing. */
  async plan(request: PlanRequestInput, options: CallOptions = {}): Promise<PlanResult> {
    const parsed = await this.parsed(planRequestSchema, request);
    return callAttachment(this.client, planUpdate, parsed, options);
  }

  /**
   * A person's decision on the step a forced detach waits with.
   *
   * @returns the question it decides
   */
  async approve(request: ApprovalInput, options: CallOptions = {}): Promise<string> {
    const parsed = await this.parsed(approvalSchema, request);
    return callAttachment(this.client, approveUpdate, parsed, options);
  }

  /** A person's statement that a host is gone for good: gives its volume free. */
  async abandon(request: AbandonRequestInput, options: CallOptions = {}): Promise<AbandonResult> {
    const parsed = await this.parsed(abandonRequestSchema, request);
    return callAttachment(this.client, abandonUpdate, parsed, options);
  }

  /**
   * The whole ledger entry of an attachment: the open one, or else the one that closed last.
   *
   * @param hostId - needed only for a volume that several hosts share
   */
  async state(volumeId: string, hostId?: string): Promise<AttachmentView> {
    const { client } = this;
    const found = await this.find(nameOf(volumeId, hostId));
    const { workflowId, isOpen } = found;
    // An open one may carry on in another run at any moment.
    const runId = isOpen ? undefined : found.runId;
    try {
      return await client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
        client.workflow.getHandle(workflowId, runId).query(stateQuery),
      );
    } catch (error) {
      const known = toOperationError(error, { workflowId });
      if (known.type !== 'StillRunning' || (await hasControlWorker(client))) throw known;
      throw new OperationError({
        type: 'ControlWorkerUnavailable',
        message: 'No control worker answers, and only they know the state',
        workflowId,
        cause: error,
      });
    }
  }

  /** Which run an attachment's name means now: the open one, or else the one that closed last. */
  async find(name: AttachmentName): Promise<FoundRun> {
    return new CallScope(this.client, {}).run(() => findAttachment(this.client, name));
  }

  /** The fleet's inventory. From the visibility store: a moment late. */
  async *list(filter: ListFilter = {}): AsyncGenerator<AttachmentRow> {
    try {
      yield* listAttachments(this.client, filter);
    } catch (error) {
      throw toOperationError(error);
    }
  }

  /**
   * What was done, step by step, in one run of an attachment.
   *
   * @param which.hostId - needed only for a volume that several hosts share
   * @param which.runId - default: the open run, or else the one that closed last
   */
  async history(
    volumeId: string,
    which: { readonly hostId?: string; readonly runId?: string } = {},
  ): Promise<HistoryStep[]> {
    const { client } = this;
    const { workflowId, runId, description } = await this.find({ ...which, volumeId });
    return new CallScope(client, {}).run(async () => {
      const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      const pending = description.raw.pendingActivities ?? [];
      return withPendingActivities(historySteps(runId, events ?? []), pending);
    }, workflowId);
  }

  /**
   * Follows an attachment's steps as they happen, from the beginning of its latest run, or those of
   * one operation. Ends with the run or the operation.
   */
  async *follow(
    what: AttachmentName | FollowTarget,
    { signal }: Pick<CallOptions, 'signal'> = {},
  ): AsyncGenerator<StepEvent> {
    const { client } = this;
    const target = 'workflowId' in what ? what : await this.find(what);
    const events = followHistory(client, target);
    const scope = new CallScope(client, signal === undefined ? {} : { signal });
    try {
      for (;;) {
        const next = await scope.run(() => events.next(), target.workflowId);
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await events.return(undefined);
    }
  }

  private async parsed<Schema extends z.ZodType>(
    schema: Schema,
    input: unknown,
  ): Promise<z.output<Schema>> {
    return new CallScope(this.client, {}).run(() => Promise.resolve(parseRequest(schema, input)));
  }
}

function nameOf(volumeId: string, hostId: string | undefined): AttachmentName {
  return hostId === undefined ? { volumeId } : { volumeId, hostId };
}

function withRequestId<Request extends { readonly requestId?: string | undefined }>(
  request: Request,
): Request & { requestId: string } {
  return { ...request, requestId: request.requestId ?? randomUUID() };
}
