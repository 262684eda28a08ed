import type { MooringClient } from '../client/mooring-client.js';
import type { Operation } from '../client/operation.js';
import type { Progress } from './output/progress.js';

/** After the answer the last steps are still on their way to the display. */
const LAST_STEPS_MS = 500;

/**
 * Waits for an operation's outcome and shows its steps meanwhile. A display that fails takes nothing
 * away from the outcome.
 */
export async function watchOperation<Result>(
  mooring: MooringClient,
  operation: Operation<Result>,
  progress: Progress,
): Promise<Result> {
  const stop = new AbortController();
  const shown = showSteps(mooring, operation, progress, stop.signal);
  try {
    return await operation.result();
  } finally {
    const timer = setTimeout(() => {
      stop.abort();
    }, LAST_STEPS_MS);
    await shown;
    clearTimeout(timer);
    progress.end();
  }
}

async function showSteps(
  mooring: MooringClient,
  { workflowId, runId, updateId }: Operation<unknown>,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  try {
    const target = { workflowId, runId, updateId };
    for await (const event of mooring.follow(target, { signal })) {
      if (signal.aborted) return;
      progress.show(event);
    }
  } catch {
    // Ended by us, or by a server that is away for a moment; the outcome tells.
  }
}
