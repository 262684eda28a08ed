import { setTimeout as pause } from 'node:timers/promises';
import type { RemoteHost } from '../simulator/remote-host.js';
import type { DemoFleet } from './demo-fleet.js';

/** Long enough to be seen; the server gives up on the worker's step after 5 s without a sign. */
const AWAY_MS = 3_000;

/** What happens to the worker, for the screen. */
export interface CrashWatcher {
  killed(pid: number): void;
  startedAgain(pid: number): void;
}

/** A crash that waits for its moment. */
export interface PreparedCrash {
  /** Ends when the worker is started again; never, when the moment does not come. */
  happen(signal: AbortSignal, watcher: CrashWatcher): Promise<void>;
}

/**
 * Prepares to kill a host's worker in the middle of a detach: right after the kernel has deleted the
 * second path device and before the worker hears of it. It is started again after a moment.
 */
export async function crashAtSecondDeletion(
  fleet: DemoFleet,
  host: RemoteHost,
  hostId: string,
): Promise<PreparedCrash> {
  const boundary = await host.control.setBoundary({
    of: 'write-attribute',
    matching: '/delete',
    nth: 2,
    side: 'after',
  });
  return {
    async happen(signal, watcher) {
      await boundary.reached;
      watcher.killed(await fleet.killHostWorker(hostId));
      boundary.release({ dropped: true });
      await pause(AWAY_MS, undefined, { signal });
      watcher.startedAgain(await fleet.startHostWorker(hostId));
    },
  };
}
