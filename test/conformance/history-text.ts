import type { Client } from '@temporalio/client';
import { exclusiveWorkflowId } from '../../src/contract/ids.js';
import { MooringClient } from '../../src/client/mooring-client.js';

/**
 * Everything the server shows of a volume's latest run, as one text: its history event by event with
 * the payloads decoded, its steps, its state, its current details. For a look for what must not be there.
 */
export async function historyText(client: Client, volumeId: string): Promise<string> {
  const handle = client.workflow.getHandle(exclusiveWorkflowId(volumeId));
  const [history, description] = await Promise.all([handle.fetchHistory(), handle.describe()]);
  const mooring = new MooringClient(client);
  const shown = {
    history,
    description: description.raw,
    steps: await mooring.history(volumeId),
    state: await mooring.state(volumeId),
  };
  return JSON.stringify(shown, (_, value: unknown) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
  );
}
