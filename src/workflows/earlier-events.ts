import type {
  ActivateInput,
  Next,
  WorkflowInboundCallsInterceptor,
  WorkflowInterceptors,
  WorkflowInternalsInterceptor,
} from '@temporalio/workflow';
import { CancellationScope, condition, patched } from '@temporalio/workflow';
import { EVENTS_FIRST } from './patches.js';

/** Turns an event's effects may take to settle. The longest chain of waits here has four. */
const TURNS = 16;

type Job = NonNullable<ActivateInput['activation']['jobs']>[number];

/**
 * Hands out updates and signals after everything that had happened before them, one after the other.
 *
 * The SDK (1.24.0) is not of one mind about when an update comes. It hands out a task's messages before
 * its events; but a worker that was asked a query about an attachment it had not seen yet has worked off
 * the events with the query, and gets the update of the same task alone; and one that replays may join
 * an update's task to the one before it. What an update leads to, and its acceptance, would stand in the
 * history before what an event led to, or behind it, and the next replay would fail. Here every one of
 * these ways gives the same order: first what had happened, then what is asked.
 *
 * Takes no time and leaves no event. A run that began without it goes on without it. One that is over
 * by what had happened is asked nothing more: the server tells whoever asks that it has closed.
 */
export function messagesLast(): WorkflowInterceptors {
  let isOn = false;
  let isOver = false;
  let handedOut = Promise.resolve();

  const handOut = async (
    before: Promise<void>,
    message: Job,
    input: ActivateInput,
    next: Next<WorkflowInternalsInterceptor, 'activate'>,
  ): Promise<void> => {
    await before;
    await afterEarlierEvents();
    if (isOver) return;
    next({ ...input, activation: { ...input.activation, jobs: [message] } });
  };

  const internals: WorkflowInternalsInterceptor = {
    activate(input, next) {
      const jobs = input.activation.jobs ?? [];
      if (jobs.some((job) => job.initializeWorkflow)) {
        // Nothing has happened before the messages that a run is started with.
        isOn = patched(EVENTS_FIRST);
        next(input);
        return;
      }
      const messages = isOn ? jobs.filter(isMessage) : [];
      const events = jobs.filter((job) => !messages.includes(job));
      next({ ...input, activation: { ...input.activation, jobs: events } });
      for (const message of messages) handedOut = handOut(handedOut, message, input, next);
    },
  };
  const inbound: WorkflowInboundCallsInterceptor = {
    async execute(input, next) {
      try {
        return await next(input);
      } finally {
        isOver = true;
      }
    },
  };
  return { internals: [internals], inbound: [inbound] };
}

function isMessage({ doUpdate, signalWorkflow }: Job): boolean {
  return Boolean(doUpdate ?? signalWorkflow);
}

/** Lets everything that has happened take its effect. */
export async function afterEarlierEvents(): Promise<void> {
  // A cancelled workflow still answers.
  await CancellationScope.nonCancellable(async () => {
    for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
  });
}

async function nextTurn(): Promise<void> {
  let isNext = false;
  await condition(() => {
    const isDue = isNext;
    isNext = true;
    return isDue;
  });
}
