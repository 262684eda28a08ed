import type { TortureServer } from './torture-server.js';

/** Plays with planted defects. */
export function selftest(_server: TortureServer, say: (line: string) => void): Promise<boolean> {
  say('not yet');
  return Promise.resolve(false);
}
