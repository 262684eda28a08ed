import { setTimeout as pause } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import type { TemporalSettings } from './settings.js';
import { WorkerRefused } from './worker-refused.js';

/** A server that is there answers within milliseconds; behind a lost packet within a few seconds. */
const CONNECT_TIMEOUT_MS = 10_000;
const REASON_MAX_CHARACTERS = 200;

/**
 * Connects to the Temporal server, within 10 s.
 *
 * @throws WorkerRefused `unreachable` - one line with the address and what to set
 */
export async function connectToServer(temporal: TemporalSettings): Promise<NativeConnection> {
  const timer = new AbortController();
  const connecting = NativeConnection.connect({ ...temporal.options, address: temporal.address });
  try {
    const connection = await Promise.race([
      connecting,
      pause(CONNECT_TIMEOUT_MS, undefined, { signal: timer.signal }),
    ]);
    if (connection !== undefined) return connection;
    // It may still come, and nobody will want it then.
    connecting.then((late) => late.close()).catch(() => undefined);
    throw unreachable(temporal, `no answer within ${CONNECT_TIMEOUT_MS / 1_000} s`);
  } catch (error) {
    throw error instanceof WorkerRefused ? error : unreachable(temporal, reasonOf(error), error);
  } finally {
    timer.abort();
  }
}

function unreachable(
  { address }: TemporalSettings,
  reason: string,
  cause?: unknown,
): WorkerRefused {
  return new WorkerRefused(
    'unreachable',
    `No Temporal server at ${address}: ${reason}; set TEMPORAL_ADDRESS or --address`,
    cause,
  );
}

/** The core's messages are dumps of its own error structure; the system's words are inside them. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes('InvalidContentType')) return 'it does not speak TLS';
  const system = /(?:message|error): "([^"]+)"/.exec(text)?.[1] ?? text.split('\n', 1)[0] ?? '';
  return system.slice(0, REASON_MAX_CHARACTERS);
}
