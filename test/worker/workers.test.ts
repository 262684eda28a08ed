import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { MooringClient } from '../../src/client/mooring-client.js';
import {
  CONTROL_TASK_QUEUE,
  exclusiveWorkflowId,
  hostTaskQueue,
  operationWorkflowId,
} from '../../src/contract/ids.js';
import { ATTACH_VOLUME_WORKFLOW, DETACH_VOLUME_WORKFLOW } from '../../src/contract/names.js';
import type { AttachResult, DetachResult } from '../../src/model/attach-result.js';
import { createVerbs } from '../../src/privileged/create-verbs.js';
import { DirectorySecrets } from '../../src/privileged/secrets.js';
import { createSimulatedHost, type SimulatedHost } from '../../src/simulator/simulated-host.js';
import { StorageArray } from '../../src/simulator/storage-array.js';
import { createControlWorker } from '../../src/worker/control-worker.js';
import { createHostWorker } from '../../src/worker/host-worker.js';
import { createLogger } from '../../src/worker/logging.js';
import { installRuntime } from '../../src/worker/runtime.js';
import { setUpNamespace } from '../../src/worker/setup.js';
import { createTemporalLedger } from '../../src/worker/temporal-ledger.js';
import { readPresence } from '../../src/worker/worker-presence.js';
import type { WorkerSurroundings } from '../../src/worker/worker-process.js';
import { goodRequest, IQN } from '../support/requests.js';

const WWID = 'naa.6001405bea237473c2c4f98b14c7c293';

/** A namespace of its own: the queue of the control workers has a fixed name. */
const namespace = `workers-${randomUUID().slice(0, 8)}`;
const lines: string[] = [];
let surroundings: WorkerSurroundings;
let mooring: MooringClient;
let host: SimulatedHost;
const running: { worker: Worker; ended: Promise<void> }[] = [];

beforeAll(async () => {
  const address = inject('temporalAddress');
  const logger = createLogger({
    level: 'info',
    destination: { write: (line) => lines.push(line) },
  });
  const temporal = { address, namespace, options: {} };
  installRuntime({ temporal, logLevel: 'info', warnings: [] }, logger);
  const connection = await NativeConnection.connect({ address });
  await setUpNamespace({ connection, namespace, createNamespace: true });
  const client = new Client({ connection, namespace });
  surroundings = { connection, client, namespace, logger };
  mooring = new MooringClient(client);
  host = createSimulatedHost({ hostId: 'db-17', array: oneVolume(), timeScale: 0.05 });
  const { runner, files, writer, network } = host;
  const secrets = new DirectorySecrets([]);
  const verbs = createVerbs({ runner, files, writer, secrets });
  const workers = await Promise.all([
    createControlWorker(surroundings, mooring),
    createHostWorker(surroundings, 'db-17', { files, writer, network, verbs }),
  ]);
  for (const worker of workers) running.push({ worker, ended: worker.run() });
});

afterAll(async () => {
  for (const { worker } of running) if (worker.getState() === 'RUNNING') worker.shutdown();
  await Promise.all(running.map(({ ended }) => ended));
  await surroundings.connection.close();
});

function oneVolume(): StorageArray {
  const array = new StorageArray();
  array.addVolume({ name: 'v1', wwid: WWID, sizeBytes: 67_108_864 });
  array.addTarget({ iqn: IQN, portals: ['10.0.0.1:3260', '[fd00::7]:3260'] });
  array.mapLun({ iqn: IQN, lun: 4, volume: 'v1' });
  return array;
}

describe('the two workers', () => {
  it('attach and detach a volume, with one line per step', async () => {
    const attached = await mooring.attach(goodRequest());
    expect(attached).toMatchObject({ state: 'attached', kind: 'multipath', device: '/dev/dm-0' });
    const detached = await mooring.detach({ volumeId: 'vol-1', hostId: 'db-17' });
    expect(detached).toMatchObject({ state: 'detached', wasAttached: true });
    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const logins = said.filter(({ step }) => step === 'ensureSession');
    expect(logins.map(({ portal, level }) => [portal, level]).sort()).toEqual([
      ['10.0.0.1:3260', 'info'],
      ['[fd00::7]:3260', 'info'],
    ]);
  });

  it('serve callers that only start workflows, and keep the type of a failure', async () => {
    const { client } = surroundings;
    const attach = await client.workflow.execute<(request: unknown) => Promise<AttachResult>>(
      ATTACH_VOLUME_WORKFLOW,
      {
        taskQueue: CONTROL_TASK_QUEUE,
        workflowId: operationWorkflowId('attach', 'front-1'),
        args: [goodRequest()],
      },
    );
    expect(attach.stablePath).toContain('dm-uuid-mpath-');
    const elsewhere = client.workflow.execute<(request: unknown) => Promise<AttachResult>>(
      ATTACH_VOLUME_WORKFLOW,
      {
        taskQueue: CONTROL_TASK_QUEUE,
        workflowId: operationWorkflowId('attach', 'front-2'),
        args: [goodRequest({ hostId: 'db-18' })],
      },
    );
    await expect(elsewhere).rejects.toMatchObject({
      cause: { cause: { type: 'AttachedElsewhere', details: [{ hostId: 'db-17' }] } },
    });
    const detach = await client.workflow.execute<(request: unknown) => Promise<DetachResult>>(
      DETACH_VOLUME_WORKFLOW,
      {
        taskQueue: CONTROL_TASK_QUEUE,
        workflowId: operationWorkflowId('detach', 'front-3'),
        args: [{ volumeId: 'vol-1', hostId: 'db-17', mode: 'normal' }],
      },
    );
    expect(detach).toMatchObject({ wasAttached: true });
  });
});

describe('the ledger', () => {
  it('knows what is open, at once by id and soon by volume', async () => {
    const { client } = surroundings;
    const ledger = createTemporalLedger(client, mooring);
    const workflowId = exclusiveWorkflowId('vol-1');
    await mooring.attach(goodRequest());
    expect(await ledger.isOpen(workflowId)).toBe(true);
    await expect.poll(() => ledger.listOpen('vol-1')).toEqual([{ workflowId }]);
    await mooring.detach({ volumeId: 'vol-1', hostId: 'db-17' });
    await expect.poll(() => ledger.isOpen(workflowId)).toBe(false);
    await expect.poll(() => ledger.listOpen('vol-1')).toEqual([]);
    expect(await ledger.isOpen('attachment/never-there')).toBe(false);
  });

  it('sees a worker that polls, and none where there is none', async () => {
    const { client } = surroundings;
    const seen = await readPresence(client, hostTaskQueue('db-17'));
    expect(seen.polling).toBe(true);
    expect(Date.parse(seen.lastSeen ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(await readPresence(client, hostTaskQueue('nobody'))).toEqual({ polling: false });
  });
});
