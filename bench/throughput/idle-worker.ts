import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { untilPolling } from '../../lab/guest-worker.js';
import { MooringClient } from '../../src/client/mooring-client.js';
import { hostTaskQueue } from '../../src/contract/ids.js';
import { startChild } from '../../src/demo/child-process.js';
import { startSimulatedHosts } from '../../src/demo/simulated-hosts.js';
import { processorMs, residentMb } from '../report/process-figures.js';

const MOORING = fileURLToPath(new URL('../../bin/mooring.js', import.meta.url));
const IQN = 'iqn.2026-11.io.example:idle';
const PORTALS = [1, 2, 3, 4].map((number) => `10.9.9.${String(number)}:3260`);
const TIME_SCALE = 0.01;
const VOLUMES = 20;
const STOP_GRACE_MS = 2_000;

/** A host worker's process, after it has worked. */
export interface IdleWorker {
  readonly startedMb: number;
  readonly workedMb: number;
  /** Share of one core while nobody asks for anything, in percent. */
  readonly idlePercent: number;
}

/** Starts a host worker as it is shipped, has it attach and detach, and then leaves it alone. */
export async function measureIdleWorker(
  { address, directory }: { readonly address: string; readonly directory: string },
  seconds: number,
): Promise<IdleWorker> {
  const hostId = `idle-${randomUUID().slice(0, 8)}`;
  const socketPath = join(directory, 'idle.sock');
  const volumes = Array.from({ length: VOLUMES }, (_, index) => ({
    name: `idle-${String(index + 1)}`,
    wwid: `naa.6001405${randomUUID().replaceAll('-', '').slice(0, 25)}`,
    sizeBytes: 67_108_864,
  }));
  const hosts = await startSimulatedHosts({
    socketPath,
    timeScale: TIME_SCALE,
    hosts: [hostId],
    volumes,
    targets: [{ iqn: IQN, portals: PORTALS }],
    mappings: volumes.map(({ name }, index) => ({ iqn: IQN, lun: index + 1, volume: name })),
  });
  const worker = await startChild({
    file: process.execPath,
    args: [MOORING, 'worker', 'host', '--host-id', hostId, '--simulated', socketPath],
    env: { TEMPORAL_ADDRESS: address },
    logFile: join(directory, 'idle-worker.log'),
  });
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    await untilPolling(client, hostTaskQueue(hostId));
    const startedMb = await residentMb(worker.pid);
    const mooring = new MooringClient(client);
    for (const [index, { name: volumeId }] of volumes.entries()) {
      const paths = PORTALS.map((portal) => ({ portal, iqn: IQN, lun: index + 1 }));
      await mooring.attach({ volumeId, hostId, connection: { paths } });
      await mooring.detach({ volumeId, hostId });
    }
    const before = await processorMs(worker.pid);
    await pause(seconds * 1_000);
    const used = (await processorMs(worker.pid)) - before;
    const workedMb = await residentMb(worker.pid);
    return { startedMb, workedMb, idlePercent: (used / (seconds * 1_000)) * 100 };
  } finally {
    await connection.close();
    await worker.stop({ graceMs: STOP_GRACE_MS });
    await hosts.stop({ graceMs: STOP_GRACE_MS });
  }
}
