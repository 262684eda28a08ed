import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { CONTROL_TASK_QUEUE } from '../src/contract/ids.js';
import { startChild } from '../src/demo/child-process.js';
import { startDevServer } from '../src/demo/dev-server.js';
import { untilPolling } from './guest-worker.js';
import { startGuest, type Guest } from './guest.js';

const MOORING = fileURLToPath(new URL('../bin/mooring.js', import.meta.url));

/** A guest, and outside of it the Temporal server and the control worker its workers talk to. */
export interface Machine {
  readonly guest: Guest;
  readonly client: Client;
  readonly stop: () => Promise<void>;
}

/** @param runDirectory - takes every log: console, server, control worker */
export async function startMachine(runDirectory: string): Promise<Machine> {
  const server = await startDevServer({
    headless: true,
    logFile: join(runDirectory, 'server.log'),
  });
  const { address } = server;
  const [guest, control, connection] = await Promise.all([
    startGuest({ runDirectory, temporalPort: Number(address.split(':')[1]) }),
    startChild({
      file: process.execPath,
      args: [MOORING, 'worker', 'control'],
      env: { TEMPORAL_ADDRESS: address },
      logFile: join(runDirectory, 'control-worker.log'),
    }),
    Connection.connect({ address }),
  ]);
  const client = new Client({ connection });
  await untilPolling(client, CONTROL_TASK_QUEUE);
  const stop = async (): Promise<void> => {
    await guest.stop();
    await control.stop({ graceMs: 2_000 });
    await connection.close();
    await server.stop();
  };
  return { guest, client, stop };
}
