import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { CONTROL_TASK_QUEUE } from '../src/contract/ids.js';
import { startChild, type ChildProcess } from '../src/demo/child-process.js';
import { startDevServer, type DevServer } from '../src/demo/dev-server.js';
import { untilPolling } from './guest-worker.js';
import { startGuest, type Guest, type GuestOptions } from './guest.js';

const MOORING = fileURLToPath(new URL('../bin/mooring.js', import.meta.url));
const CONTROL_GRACE_MS = 2_000;

/** A guest, and outside of it the Temporal server and the control worker its workers talk to. */
export interface Machine {
  readonly guest: Guest;
  readonly client: Client;
  readonly stop: () => Promise<void>;
  /** The control worker dies as by SIGKILL. */
  killControl(): Promise<void>;
  /** Another one; does nothing while one runs. */
  startControl(): Promise<void>;
  stopServer(): Promise<void>;
  /** The server is there again, at the same address and with all it knew. */
  startServer(): Promise<void>;
}

/** What of a machine is up to whoever starts it. */
export type MachineOptions = Pick<GuestOptions, 'packages'>;

/** @param runDirectory - takes every log: console, server, control worker; and the server's data */
export async function startMachine(
  runDirectory: string,
  options: MachineOptions = {},
): Promise<Machine> {
  const serverOptions = {
    headless: true,
    logFile: join(runDirectory, 'server.log'),
    databaseFile: join(runDirectory, 'server.db'),
  };
  let server: DevServer | undefined = await startDevServer(serverOptions);
  const { address } = server;
  const port = Number(address.split(':')[1]);
  let control: ChildProcess | undefined;
  const startControl = async (): Promise<void> => {
    control ??= await startChild({
      file: process.execPath,
      args: [MOORING, 'worker', 'control'],
      env: { TEMPORAL_ADDRESS: address },
      logFile: join(runDirectory, 'control-worker.log'),
    });
  };
  const [guest, connection] = await Promise.all([
    startGuest({ ...options, runDirectory, temporalPort: port }),
    Connection.connect({ address }),
    startControl(),
  ]);
  const client = new Client({ connection });
  await untilPolling(client, CONTROL_TASK_QUEUE);
  return {
    guest,
    client,
    startControl,
    async killControl() {
      control?.kill('SIGKILL');
      await control?.exited;
      control = undefined;
    },
    async startServer() {
      server ??= await startDevServer({ ...serverOptions, port });
    },
    async stopServer() {
      await server?.stop();
      server = undefined;
    },
    async stop() {
      await guest.stop();
      await control?.stop({ graceMs: CONTROL_GRACE_MS });
      await connection.close();
      await server?.stop();
    },
  };
}
