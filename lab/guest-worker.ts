import type { Client } from '@temporalio/client';
import { hostTaskQueue } from '../src/contract/ids.js';
import { readPresence } from '../src/worker/worker-presence.js';
import type { CommandEnd } from '../test/conformance/host-under-test.js';
import { eventually } from '../test/support/eventually.js';
import { GUEST_CHECKOUT, GUEST_NODE, GUEST_TEMPORAL_ADDRESS, type Guest } from './guest.js';

/** Of its process in the guest. */
export const GUEST_WORKER = 'mooring-host';
const SECRETS = '/etc/mooring/secrets';
/** Node reads its modules over 9p under emulation: about 12 s when cold, minutes on a busy machine. */
const WORKER_START_MS = 400_000;

/** mooring's host worker in the guest, of this checkout. */
export class GuestWorker {
  private readonly guest: Guest;
  private readonly client: Client;
  private readonly hostId: string;
  private readonly argv: readonly string[];
  private readonly env: Readonly<Record<string, string>>;
  private isAlive = false;
  private isFrozen = false;

  /** @param settings - environment variables of the worker, besides where the server is */
  constructor(
    guest: Guest,
    client: Client,
    hostId: string,
    settings: Readonly<Record<string, string>> = {},
  ) {
    this.guest = guest;
    this.client = client;
    this.hostId = hostId;
    this.env = { TEMPORAL_ADDRESS: GUEST_TEMPORAL_ADDRESS, ...settings };
    const program = [GUEST_NODE, `${GUEST_CHECKOUT}/bin/mooring.js`];
    this.argv = [...program, 'worker', 'host', '--host-id', hostId];
  }

  /** Returns when it takes work. */
  async start(): Promise<void> {
    await this.guest.startDaemon(GUEST_WORKER, this.argv, this.env);
    this.isAlive = true;
    await untilPolling(this.client, hostTaskQueue(this.hostId));
  }

  async kill(): Promise<void> {
    await this.guest.killDaemon(GUEST_WORKER, 'SIGKILL');
    this.isAlive = false;
  }

  /** It stands still, and what it has started does not. */
  async freeze(): Promise<void> {
    await this.guest.killDaemon(GUEST_WORKER, 'SIGSTOP');
    this.isFrozen = true;
  }

  async thaw(): Promise<void> {
    if (this.isFrozen) await this.guest.killDaemon(GUEST_WORKER, 'SIGCONT');
    this.isFrozen = false;
  }

  /** Starts it when it was killed, lets it go on when it was frozen. */
  async revive(): Promise<void> {
    await this.thaw();
    if (!this.isAlive) await this.start();
  }

  async startSecond(): Promise<CommandEnd> {
    const { env } = this;
    const { code, ...said } = await this.guest.run(this.argv, { env, timeoutMs: WORKER_START_MS });
    return { exitCode: code ?? -1, ...said };
  }

  /** What it wrote since it was started first, as JSON lines. */
  async log(): Promise<string> {
    return this.guest.readFile(this.guest.daemonLog(GUEST_WORKER));
  }

  /** @returns the reference */
  async storeSecret(name: string, secret: string): Promise<string> {
    await this.guest.writeFile(`${SECRETS}/${name}`, `${secret}\n`, { mode: 0o600 });
    return `file:${name}`;
  }
}

/** @throws an error when nobody takes work from the queue in time */
export async function untilPolling(client: Client, taskQueue: string): Promise<void> {
  await eventually(
    async () => {
      const { polling } = await readPresence(client, taskQueue);
      if (!polling) throw new Error(`nobody polls ${taskQueue}`);
    },
    { withinMs: WORKER_START_MS },
  );
}
