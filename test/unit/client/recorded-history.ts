import { readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { HistoryEvent } from '../../../src/client/payloads.js';

/** The events of a recorded run, `attach-and-detach` for example. */
export function recordedEvents(scenario: string): HistoryEvent[] {
  const file = new URL(`../../replay/histories/attachment.${scenario}.v1.json`, import.meta.url);
  return historyFromJSON(JSON.parse(readFileSync(file, 'utf8'))).events ?? [];
}
