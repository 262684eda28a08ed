import type { Call, Evidence } from '../evidence.js';
import { attributesOf } from '../registry.js';

/** Every update that was taken is answered exactly once, and everybody hears the same. */
export function answersOnce(evidence: Evidence): string[] {
  return [
    ...updatesAreAnsweredOnce(evidence),
    ...sameUpdateSameAnswer(evidence),
    ...repetitionsReachTheFirst(evidence),
    ...noDefectIsAnswered(evidence),
    ...evidence.stuck,
  ];
}

function updatesAreAnsweredOnce({ histories }: Evidence): string[] {
  return histories.flatMap(({ workflowId, runId, events }) => {
    const accepted = updateIds(events, 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED');
    const completed = updateIds(events, 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED');
    const isClosed = events.some(({ eventType }) =>
      /^EVENT_TYPE_WORKFLOW_EXECUTION_(COMPLETED|FAILED|CANCELED|CONTINUED_AS_NEW)$/.test(
        eventType,
      ),
    );
    return accepted.flatMap((id) => {
      const count = completed.filter((each) => each === id).length;
      const isDone = count === 1 || (count === 0 && !isClosed);
      return isDone ? [] : [`update ${id} of ${workflowId} (${runId}) has ${count} answers`];
    });
  });
}

function updateIds(events: Evidence['histories'][number]['events'], type: string): string[] {
  return events
    .filter(({ eventType }) => eventType === type)
    .map((event) => {
      const attributes = attributesOf(event) as {
        acceptedRequest?: { meta?: { updateId?: string } };
        meta?: { updateId?: string };
      };
      return attributes.acceptedRequest?.meta?.updateId ?? attributes.meta?.updateId ?? 'unnamed';
    });
}

function sameUpdateSameAnswer({ calls, histories }: Evidence): string[] {
  const first = new Map<string, string>();
  return calls.flatMap((call) => {
    if (call.handle === undefined || call.answeredAtMs === undefined) return [];
    const key = Object.values(call.handle).join(' ');
    return answersOf(call, { calls, histories }).flatMap((answer) => {
      const known = first.get(key);
      if (known === undefined) first.set(key, answer);
      return known === undefined || known === answer
        ? []
        : [`update ${key} was answered with ${known} and with ${answer}`];
    });
  });
}

/** What the server says of an update that no run has taken. */
const NEVER_TAKEN = /update ".*" not found|update was aborted by closing workflow/;

/**
 * What a caller was told, and what is told later. An update that was never taken leaves no trace: who is
 * refused as `Busy`, or detaches from a run that closes at that moment, has an answer all the same. Such
 * a refusal is no answer of the update either when the same one was taken for somebody else later.
 */
function answersOf(
  call: Call,
  { calls, histories }: Pick<Evidence, 'calls' | 'histories'>,
): string[] {
  const told = answerText(call);
  if (call.again === undefined) return [told];
  const recorded = againText(call.again);
  const isRefused = call.error?.type === 'Busy';
  if ((isRefused || foundNothing(call)) && NEVER_TAKEN.test(recorded)) {
    return wasTaken(call, histories) ? [told, recorded] : [told];
  }
  if (!isRefused) return [told, recorded];
  return recorded !== told && isTakenLater(call, calls) ? [recorded] : [told, recorded];
}

function foundNothing({ ok }: Call): boolean {
  return typeof ok === 'object' && ok !== null && 'wasAttached' in ok && ok.wasAttached === false;
}

function wasTaken({ handle }: Call, histories: Evidence['histories']): boolean {
  const run = histories.find(({ runId }) => runId === handle?.runId);
  const accepted = updateIds(run?.events ?? [], 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED');
  return accepted.includes(handle?.updateId ?? '');
}

/** Whether somebody else's sending of the same update was still without an answer at the refusal. */
function isTakenLater(call: Call, calls: readonly Call[]): boolean {
  const { handle, answeredAtMs = Infinity } = call;
  return calls.some(
    (each) =>
      each !== call &&
      each.handle?.updateId === handle?.updateId &&
      each.handle?.runId === handle?.runId &&
      (each.answeredAtMs ?? Infinity) >= answeredAtMs,
  );
}

/** A repetition that reaches another run does so only after the first has its answer. */
function repetitionsReachTheFirst({ calls }: Evidence): string[] {
  return calls.flatMap((call, index) => {
    const { deed } = call;
    if (deed.kind !== 'attach' || call.handle === undefined) return [];
    const earlier = calls
      .slice(0, index)
      .find(
        (each) =>
          each.deed.kind === 'attach' &&
          each.deed.requestId === deed.requestId &&
          each.handle !== undefined,
      );
    if (earlier?.handle === undefined || earlier.handle.runId === call.handle.runId) return [];
    const isOver = (earlier.answeredAtMs ?? Infinity) <= (call.answeredAtMs ?? Infinity);
    return isOver
      ? []
      : [
          `request ${deed.requestId} was carried out twice: ${earlier.handle.runId} and ${call.handle.runId}`,
        ];
  });
}

/** Types that mean a defect, not a refusal. */
const DEFECTS = new Set(['InternalFault', 'ServerFault', 'no OperationError', 'StillRunning']);

function noDefectIsAnswered({ calls }: Evidence): string[] {
  return calls.flatMap(({ deed, error, volumeId, hostId, mustSucceed }) => {
    const about = `${deed.kind} of ${volumeId} on ${hostId}`;
    if (error === undefined) return [];
    if (DEFECTS.has(error.type)) return [`${about} ended with ${error.type}: ${error.message}`];
    return mustSucceed ? [`${about} must succeed: ${error.type}: ${error.message}`] : [];
  });
}

function answerText({ ok, error }: Call): string {
  return error === undefined ? JSON.stringify(ok) : error.message;
}

function againText(again: unknown): string {
  const isError = typeof again === 'object' && again !== null && 'error' in again;
  return isError ? String(again.error) : JSON.stringify(again);
}
