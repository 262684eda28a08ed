/**
 * Temporal's share of attach and detach: a real dev server, the real workflows, control steps and
 * client, a host whose steps do nothing. Prints p50 and p95 in milliseconds and the events of one
 * attachment's history, for 1, 4 and 8 paths taken in turn.
 *
 * `npm run bench:overhead [-- ROUNDS] [--write]`
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createControlActivities } from '../src/activities/control-activities.js';
import { MooringClient } from '../src/client/mooring-client.js';
import { CONTROL_TASK_QUEUE, exclusiveWorkflowId, hostTaskQueue } from '../src/contract/ids.js';
import { startDevServer } from '../src/demo/dev-server.js';
import { createTemporalLedger } from '../src/worker/temporal-ledger.js';
import { bundleWorkflows } from '../src/worker/workflow-code.js';
import { createNoOpHost } from './no-op-host.js';
import { markdownTable } from './report/markdown-table.js';
import { publish } from './report/page.js';
import { middleAndTail } from './report/percentile.js';

const PATH_COUNTS = [1, 4, 8];
const WARM_UP_ROUNDS = 5;
const ROUNDS = 40;
const HOST_ID = 'no-op-host';
const IQN = 'iqn.2026-11.io.example:array1';
/** What is wanted at 4 paths: p50 of attach and detach, events of both together. */
const WANTED = { attachMs: 80, detachMs: 110, events: 110 };

interface Sample {
  readonly attachMs: number;
  readonly detachMs: number;
  readonly events: number;
}

async function measure(client: Client, mooring: MooringClient, paths: number): Promise<Sample> {
  const volumeId = `bench-${randomUUID()}`;
  const started = performance.now();
  await mooring.attach({
    volumeId,
    hostId: HOST_ID,
    connection: {
      paths: Array.from({ length: paths }, (_, index) => ({
        portal: `10.0.0.${index + 1}:3260`,
        iqn: IQN,
        lun: 1,
      })),
    },
  });
  const attached = performance.now();
  await mooring.detach({ volumeId, hostId: HOST_ID });
  const detached = performance.now();
  const handle = client.workflow.getHandle(exclusiveWorkflowId(volumeId));
  await handle.result();
  const { historyLength } = await handle.describe();
  return {
    attachMs: attached - started,
    detachMs: detached - attached,
    events: historyLength,
  };
}

function row(paths: number, samples: readonly Sample[]): string[] {
  const goal = (wanted: number, of: string): string => (paths === 4 ? `<= ${wanted}${of}` : '');
  return [
    String(paths),
    middleAndTail(samples.map(({ attachMs }) => attachMs)),
    goal(WANTED.attachMs, ' p50'),
    middleAndTail(samples.map(({ detachMs }) => detachMs)),
    goal(WANTED.detachMs, ' p50'),
    middleAndTail(samples.map(({ events }) => events)),
    goal(WANTED.events, ''),
  ];
}

const { values, positionals } = parseArgs({
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const rounds = Number(positionals[0] ?? ROUNDS);

Runtime.install({ logger: new DefaultLogger('ERROR') });
const directory = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
const server = await startDevServer({ headless: true, logFile: join(directory, 'server.log') });
try {
  const { address } = server;
  const client = new Client({ connection: await Connection.connect({ address }) });
  const connection = await NativeConnection.connect({ address });
  const mooring = new MooringClient(client);
  const ledger = createTemporalLedger(client, {
    attach: (request) => mooring.attach(request as Parameters<MooringClient['attach']>[0]),
    detach: (request) => mooring.detach(request as Parameters<MooringClient['detach']>[0]),
  });
  const workers = [
    await Worker.create({
      connection,
      taskQueue: CONTROL_TASK_QUEUE,
      workflowBundle: { code: await bundleWorkflows() },
      activities: createControlActivities({ ledger }),
    }),
    await Worker.create({
      connection,
      taskQueue: hostTaskQueue(HOST_ID),
      activities: createNoOpHost(),
    }),
  ];
  const running = workers.map((worker) => worker.run());
  const samples = new Map<number, Sample[]>(PATH_COUNTS.map((paths) => [paths, []]));
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round += 1) {
    for (const paths of PATH_COUNTS) {
      const sample = await measure(client, mooring, paths);
      if (round >= WARM_UP_ROUNDS) samples.get(paths)?.push(sample);
    }
  }
  for (const worker of workers) worker.shutdown();
  await Promise.all(running);
  await connection.close();
  await client.connection.close();
  const head = ['paths', 'attach', 'wanted', 'detach', 'wanted', 'events of both', 'wanted'];
  const rows = [...samples].map(([paths, taken]) => row(paths, taken));
  await publish(
    'bench:overhead',
    [`p50 / p95, ms, of ${String(rounds)} rounds taken in turn.`, markdownTable([head, ...rows])],
    values,
  );
} finally {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
