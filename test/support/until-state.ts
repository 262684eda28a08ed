import type { WorkflowHandle } from '@temporalio/client';
import type { AttachmentState } from '../../src/contract/states.js';
import { eventually } from './eventually.js';
import type { Fleet } from './in-process-fleet.js';

/** Two cores may be busy with anything. */
const PATIENCE = { withinMs: 120_000, everyMs: 50 };

/** Waits until an attachment is in a state. */
export async function untilState(
  fleet: Fleet,
  volumeId: string,
  wanted: AttachmentState,
): Promise<void> {
  await eventually(async () => {
    const { state } = await fleet.state(volumeId);
    if (state !== wanted) throw new Error(`${volumeId} is ${state}, not ${wanted}`);
  }, PATIENCE);
}

/** Waits until a history holds a text so often. */
export async function untilRecorded(
  handle: WorkflowHandle,
  text: string,
  times: number,
): Promise<void> {
  await eventually(async () => {
    const found = JSON.stringify(await handle.fetchHistory()).split(text).length - 1;
    if (found < times) throw new Error(`${text} is there ${found} times, not ${times}`);
  }, PATIENCE);
}
