import type { Client } from '@temporalio/client';
import { msNumberToTs } from '@temporalio/common/lib/time.js';
import { describe, expect, it } from 'vitest';
import { readPresence } from '../../../src/worker/worker-presence.js';

const RUNNING = 1;
const SHUTDOWN = 3;

/** What a server knows of one queue; times are seconds ago. */
interface Known {
  readonly polled?: number;
  readonly heartbeats?: readonly { readonly status: number; readonly ago: number }[];
  /** An older server keeps no heartbeats. */
  readonly noReports?: boolean;
}

function secondsAgo(ago: number): ReturnType<typeof msNumberToTs> {
  return msNumberToTs(Date.now() - 1_000 * ago);
}

/** The three calls that are used of a server. */
function server({ polled, heartbeats = [], noReports = false }: Known): Client {
  const workflowService = {
    describeTaskQueue: async () => ({
      pollers: polled === undefined ? [] : [{ lastAccessTime: secondsAgo(polled) }],
    }),
    listWorkers: async () => {
      if (noReports) throw new Error('unknown method ListWorkers');
      return { workers: heartbeats.map((_, index) => ({ workerInstanceKey: String(index) })) };
    },
    describeWorker: async ({ workerInstanceKey }: { workerInstanceKey: string }) => {
      const { status, ago } = heartbeats[Number(workerInstanceKey)] ?? { status: 0, ago: 0 };
      return { workerInfo: { workerHeartbeat: { status, heartbeatTime: secondsAgo(ago) } } };
    },
  };
  return { workflowService, options: { namespace: 'default' } } as unknown as Client;
}

describe('presence of a worker', () => {
  it.each<[string, Known, boolean]>([
    ['nobody ever polled', {}, false],
    ['it polls and has not reported yet', { polled: 3 }, true],
    ['it polls and reports', { polled: 3, heartbeats: [{ status: RUNNING, ago: 4 }] }, true],
    [
      'it was killed: the poller lingers',
      { polled: 40, heartbeats: [{ status: RUNNING, ago: 40 }] },
      false,
    ],
    ['it was shut down', { polled: 2, heartbeats: [{ status: SHUTDOWN, ago: 1 }] }, false],
    [
      'it was replaced',
      {
        polled: 9,
        heartbeats: [
          { status: RUNNING, ago: 60 },
          { status: RUNNING, ago: 2 },
        ],
      },
      true,
    ],
    ['no reports, a fresh poll', { polled: 50, noReports: true }, true],
    ['no reports, an old poll', { polled: 90, noReports: true }, false],
  ])('%s', async (_title, known, polling) => {
    expect((await readPresence(server(known), 'mooring-host/db-17')).polling).toBe(polling);
  });

  it('says when it was last seen, by poll or by report', async () => {
    const seen = await readPresence(
      server({ polled: 60, heartbeats: [{ status: RUNNING, ago: 30 }] }),
      'mooring-host/db-17',
    );
    const agoMs = Date.now() - Date.parse(seen.lastSeen ?? '');
    expect(Math.round(agoMs / 1_000)).toBeGreaterThanOrEqual(30);
    expect(Math.round(agoMs / 1_000)).toBeLessThanOrEqual(32);
  });
});
