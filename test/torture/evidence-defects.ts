import type { Defect } from './defects.js';
import type { Call, Entity, HistoryEvent } from './evidence.js';

/** Defects of the durable half: planted where its answers, states and histories come to the oracle. */
export const EVIDENCE_DEFECTS: readonly Defect[] = [
  {
    name: 'a repeated request is answered differently',
    law: 'answered-once',
    tamper: {
      evidence: (evidence) => ({ ...evidence, calls: evidence.calls.map(withOtherDevice) }),
    },
  },
  {
    name: 'an update has two answers in its history',
    law: 'answered-once',
    tamper: {
      history: (history) => ({ ...history, events: history.events.flatMap(twiceIfCompleted) }),
    },
  },
  {
    name: 'an update is never answered',
    law: 'answered-once',
    tamper: {
      history: (history) => ({
        ...history,
        events: history.events.filter(({ eventType }) => eventType !== UPDATE_COMPLETED),
      }),
    },
  },
  {
    name: 'an attachment stands still without a word',
    law: 'everyone-moves',
    tamper: {
      evidence: (evidence) => ({
        ...evidence,
        quiets: evidence.quiets.map((quiet) =>
          quiet.kind === 'uneasy'
            ? {
                ...quiet,
                entities: quiet.entities.map(stalled),
                later: quiet.entities.map(stalled),
              }
            : quiet,
        ),
      }),
    },
  },
  {
    name: 'an attachment cleans up for ever',
    law: 'everyone-moves',
    tamper: {
      evidence: (evidence) => ({
        ...evidence,
        quiets: evidence.quiets.map((quiet) =>
          quiet.kind === 'quiet'
            ? {
                ...quiet,
                entities: quiet.entities.map((entity) => ({ ...entity, state: 'cleaning-up' })),
              }
            : quiet,
        ),
      }),
    },
  },
  {
    name: 'a history does not replay',
    law: 'histories-replay',
    tamper: {
      history: (history) => ({
        ...history,
        events: JSON.parse(
          JSON.stringify(history.events).replaceAll('"ensureSession"', '"ensureSomething"'),
        ) as HistoryEvent[],
      }),
    },
  },
];

const UPDATE_COMPLETED = 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED';

function twiceIfCompleted(event: HistoryEvent): HistoryEvent[] {
  return event.eventType === UPDATE_COMPLETED ? [event, event] : [event];
}

/** The second answer names another device. */
function withOtherDevice(call: Call, index: number, calls: readonly Call[]): Call {
  const { handle, ok } = call;
  const isRepetition = calls
    .slice(0, index)
    .some((each) => each.handle !== undefined && each.handle.updateId === handle?.updateId);
  return isRepetition && typeof ok === 'object'
    ? { ...call, ok: { ...ok, device: '/dev/sdz' } }
    : call;
}

function stalled(entity: Entity): Entity {
  return { ...entity, state: 'detaching', pending: [] };
}
