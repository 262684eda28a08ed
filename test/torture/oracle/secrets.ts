import type { Evidence } from '../evidence.js';
import { MARKER_SECRET } from '../secrets.js';

/** The secret shows in no history, answer, state, log, description or command line. */
export function noSecretShows({ histories, texts }: Evidence): string[] {
  const places = [
    ...histories.map(({ workflowId, text }) => ({ what: `history of ${workflowId}`, text })),
    ...texts,
  ];
  return places
    .filter(({ text }) => text.includes(MARKER_SECRET))
    .map(({ what }) => `the secret is in the ${what}`);
}
