import { HandlerUnfinishedPolicy } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  currentUpdateInfo,
  setHandler,
} from '@temporalio/workflow';
import { createFailure } from '../contract/failures.js';
import {
  withAttachDefaults,
  withDecision,
  withDetachDefaults,
  withPlanDefaults,
} from '../contract/request-defaults.js';
import { attachmentWorkflowId, type AttachmentKey } from '../contract/ids.js';
import type { FieldProblem } from '../contract/field-checks.js';
import * as problems from '../contract/operation-problems.js';
import { attachRequestProblems, invalidRequest } from '../contract/request-problems.js';
import type { AttachmentState } from '../contract/states.js';
import type { AttachRequest } from '../model/attach-request.js';
import { AttachmentEntity } from './attachment-entity.js';
import type { CarriedState } from './carried-state.js';
import { afterEarlierEvents } from './earlier-events.js';
import * as messages from './messages.js';
import { guarded } from './step-failure.js';

/** A run that was started without any message has nothing to do; it waits this long for one. */
const FIRST_MESSAGE_MS = 60_000;

/** Input of an attachment's run: who it is, and what the run before it knew. */
export interface AttachmentInput extends AttachmentKey, Partial<CarriedState> {}

/** How an attachment's run ended, when it did not fail. */
export interface AttachmentOutcome {
  readonly state: AttachmentState;
}

/**
 * One volume on one host, from its attach to its detach. Open means: the volume is, or may be, on
 * that host; so the id is the fence and the list of open runs is the fleet's inventory (design 4).
 *
 * Updates that change the host (`attach`, `detach`, `repair`, `abandon`) and `verify` are carried out
 * one after the other; `plan` and `approve` at once. Signal `hostBooted` brings up again what a reboot
 * took away. Query `state` returns the whole ledger entry. Completes as `detached`; fails with the
 * cause of an attach that was undone.
 */
export async function attachment(input: AttachmentInput): Promise<AttachmentOutcome> {
  const key: AttachmentKey = {
    volumeId: input.volumeId,
    hostId: input.hostId,
    access: input.access,
  };
  const { ledger } = input;
  const entity = new AttachmentEntity(key, ledger === undefined ? undefined : { ...input, ledger });
  const answer = <Result>(handle: () => Promise<Result>, keep = true): Promise<Result> =>
    entity.answers.answer(currentUpdateInfo()?.id, () => guarded(handle), keep);
  // Whoever waits while the run changes asks again, and finds the operation under way.
  const unfinishedPolicy = HandlerUnfinishedPolicy.ABANDON;

  setHandler(messages.stateQuery, () => entity.view());
  setHandler(messages.hostBootedSignal, (booted) => {
    entity.onHostBooted(booted);
  });
  setHandler(
    messages.attachUpdate,
    (request) => answer(() => entity.attach(withAttachDefaults(request))),
    {
      unfinishedPolicy,
      validator: (request: AttachRequest) => {
        refuseMalformed(attachRequestProblems(request));
        refuseForeignId(key, attachmentWorkflowId(withAttachDefaults(request)));
        refuseWhenFull(entity, key);
      },
    },
  );
  const checked = (check: (request: unknown) => FieldProblem[]) => ({
    unfinishedPolicy,
    validator: (request: { readonly volumeId: string }) => {
      refuseMalformed(check(request));
      if (request.volumeId !== key.volumeId) refuseForeignId(key, request.volumeId);
    },
  });
  const queued = (check: (request: unknown) => FieldProblem[]) => ({
    unfinishedPolicy,
    validator: (request: { readonly volumeId: string }) => {
      checked(check).validator(request);
      refuseWhenFull(entity, key);
    },
  });
  setHandler(
    messages.detachUpdate,
    (request) => answer(() => entity.detach(withDetachDefaults(request))),
    queued(problems.detachRequestProblems),
  );
  setHandler(
    messages.verifyUpdate,
    (request) => answer(() => entity.verify(request), false),
    queued(problems.volumeRequestProblems),
  );
  setHandler(
    messages.repairUpdate,
    (request) => answer(() => entity.repair(request)),
    queued(problems.volumeRequestProblems),
  );
  setHandler(
    messages.planUpdate,
    (request) => guarded(() => entity.plan(withPlanDefaults(request))),
    checked(problems.planRequestProblems),
  );
  setHandler(
    messages.approveUpdate,
    (request) => answer(async () => Promise.resolve(entity.approve(withDecision(request)))),
    checked(problems.approvalProblems),
  );
  setHandler(
    messages.abandonUpdate,
    (request) => answer(() => entity.abandon(request)),
    checked(problems.abandonProblems),
  );

  // A cancelled workflow detaches; every scope below it must outlive the cancellation for that.
  CancellationScope.current().cancelRequested.catch(() => {
    entity.onWorkflowCancelled();
  });
  return CancellationScope.nonCancellable(() => live(entity, key));
}

async function live(entity: AttachmentEntity, key: AttachmentKey): Promise<AttachmentOutcome> {
  // The message it was started with, if it was.
  await afterEarlierEvents();
  if (!entity.isUsed) await condition(() => entity.isUsed, FIRST_MESSAGE_MS);
  for (;;) {
    await condition(() => entity.isOver() || entity.wantsTopUp || entity.mayCarryOn);
    if (entity.isOver()) {
      await condition(allHandlersFinished);
      // A message may have come while the last answers went out.
      if (entity.isOver()) return outcome(entity);
    } else if (entity.mayCarryOn) {
      if (entity.isFree) await condition(() => allHandlersFinished() || !entity.isFree);
      else await entity.comeToRest();
      if (entity.isAtRest) {
        await continueAsNew<typeof attachment>({ ...key, ...entity.carried });
      }
    } else {
      entity.startTopUp();
    }
  }
}

function outcome(entity: AttachmentEntity): AttachmentOutcome {
  if (entity.failure !== undefined) throw entity.failure;
  if (!entity.isUsed) {
    throw createFailure('InvalidRequest', 'Started without an attach: send the attach update');
  }
  return { state: entity.state };
}

function refuseMalformed(found: readonly FieldProblem[]): void {
  if (found.length > 0) throw invalidRequest(found);
}

/** Without a trace, like a malformed one: what is refused again and again must not fill a history. */
function refuseWhenFull(entity: AttachmentEntity, { volumeId, hostId }: AttachmentKey): void {
  if (!entity.isFull) return;
  const message = `Too much is asked of ${volumeId} on ${hostId} already: it is ${entity.state}`;
  throw createFailure('Busy', message, { hostId, state: entity.state });
}

function refuseForeignId(key: AttachmentKey, wanted: string): void {
  const own = attachmentWorkflowId(key);
  if (wanted === own) return;
  // The exclusive id is the same for every host; which host it is, the handler judges on record.
  throw invalidRequest([{ field: 'volumeId', problem: `belongs to ${wanted}, not to ${own}` }]);
}
