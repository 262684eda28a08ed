import { createHash } from 'node:crypto';
import { askOwner, tryLock, type AbstractLock } from './abstract-lock.js';
import { WorkerRefused } from './worker-refused.js';

const THIS_MACHINE = 'mooring/host-worker';

export interface HostLockOptions {
  readonly hostId: string;
  /** Absent: this machine. One machine has one lock, whatever id its worker is given. */
  readonly simulatedHost?: string;
}

/**
 * Makes sure that no second host worker runs on this host: exclusion between steps is in the memory
 * of one process. A worker in a container must share the host's network namespace for this to hold;
 * it has to anyway, since iscsid is reached through netlink.
 *
 * @throws WorkerRefused `conflict` - somebody holds the lock; says who
 */
export async function takeHostLock(options: HostLockOptions): Promise<AbstractLock> {
  const name = lockName(options);
  const lock = await tryLock(name, `host id ${options.hostId}, process ${process.pid}`);
  if (lock !== undefined) return lock;
  throw new WorkerRefused(
    'conflict',
    `Another host worker runs on this host (${await askOwner(name)}): stop it first`,
  );
}

/** One per machine, whatever the host id; one per simulated host. */
export function lockName({ hostId, simulatedHost }: HostLockOptions): string {
  if (simulatedHost === undefined) return THIS_MACHINE;
  // Names end at 106 bytes; socket paths alone may be that long.
  const scope = createHash('sha256').update(`${simulatedHost}\0${hostId}`).digest('hex');
  return `${THIS_MACHINE}/${scope.slice(0, 32)}`;
}
