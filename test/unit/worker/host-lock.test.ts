import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { askOwner } from '../../../src/worker/abstract-lock.js';
import { lockName, takeHostLock } from '../../../src/worker/host-lock.js';

/** Locks are the machine's, so each test takes one of its own. */
function ownHost(): { hostId: string; simulatedHost: string } {
  return { hostId: 'db-17', simulatedHost: `/tmp/${randomUUID()}.sock` };
}

describe('the lock of a host', () => {
  it('refuses a second worker and says who has it', async () => {
    const host = ownHost();
    const lock = await takeHostLock(host);
    await expect(takeHostLock(host)).rejects.toMatchObject({
      name: 'WorkerRefused',
      reason: 'conflict',
      message: `Another host worker runs on this host (host id db-17, process ${process.pid}): stop it first`,
    });
    await lock.release();
  });

  it('is free again once it is released', async () => {
    const host = ownHost();
    await (await takeHostLock(host)).release();
    await (await takeHostLock(host)).release();
  });

  it('is one per simulated host', async () => {
    const host = ownHost();
    const locks = await Promise.all([
      takeHostLock(host),
      takeHostLock({ ...host, hostId: 'db-18' }),
      takeHostLock(ownHost()),
    ]);
    for (const lock of locks) await lock.release();
  });

  it('is one per machine, whatever the host id', () => {
    expect(lockName({ hostId: 'a' })).toBe(lockName({ hostId: 'b' }));
  });

  it('has a name that fits, however long the socket path', () => {
    const simulatedHost = `/tmp/${'x'.repeat(200)}`;
    expect(lockName({ hostId: 'a'.repeat(63), simulatedHost }).length).toBeLessThanOrEqual(106);
  });

  it('does not wait for a holder that says nothing', async () => {
    const name = `mooring/test/${randomUUID()}`;
    const silent = createServer().listen(`\0${name}`);
    await once(silent, 'listening');
    expect(await askOwner(name)).toBe('it does not say who it is');
    silent.close();
  });
});
