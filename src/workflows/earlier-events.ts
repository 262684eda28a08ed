import { CancellationScope, condition } from '@temporalio/workflow';

/** Turns an event's effects may take to settle. The longest chain of waits here has four. */
const TURNS = 16;

/**
 * Lets everything that came before a message take its effect before the message does.
 *
 * The SDK hands out a task's messages before its events, and a worker that has to replay (1.24.0) may
 * join an update's task to the one before it when that one had changed nothing. The update would then
 * be ahead of an event that came before it, and behind it in the next replay, which fails. With this
 * in front of every handler both give the same: first what had happened, then what is asked. It orders
 * what a message does, not its acceptance, which the SDK sends at once: see docs/found-bugs.md, open.
 *
 * Takes no time and leaves no event.
 */
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
