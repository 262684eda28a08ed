/**
 * How many attaches of 4 simulated paths a second one machine makes with everything on it, how long
 * one takes while ever more attachments are open, and what a host worker takes when nobody asks for
 * anything. Prints figures beside what is wanted of them; nothing is asserted.
 *
 * `npm run bench:throughput [-- --seconds 60] [--open 1000] [--hosts 100] [--write]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { markdownTable } from '../report/markdown-table.js';
import { publish } from '../report/page.js';
import { middleAndTail } from '../report/percentile.js';
import { measureIdleWorker } from './idle-worker.js';
import { LoadFleet } from './load-fleet.js';
import { arriveSteadily, attachMany, keepBusy, type Load } from './loads.js';
import { residentMb } from '../report/process-figures.js';

/** What the issue asks for. */
const WANTED = { perSecond: 15, workerMb: 140 };
/** Hosts that share the sustained load. */
const LOAD_HOSTS = 10;
const WARM_UP = 30;
const IN_FLIGHT = 16;
const IDLE_SECONDS = 20;
/** Attaches one after the other whose latency is looked at while so many others are open. */
const SAMPLE = 40;
const CHECKPOINTS = [0, 0.25, 0.5, 0.75, 1];

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    open: { type: 'string', default: '1000' },
    hosts: { type: 'string', default: '100' },
    write: { type: 'boolean', default: false },
  },
});
const [seconds, open, hosts] = [values.seconds, values.open, values.hosts].map(Number) as [
  number,
  number,
  number,
];

// A signal ends the bench, not its workers one by one.
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const directory = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
try {
  const sustained = await onFleet(LOAD_HOSTS, sustainLoad);
  const opened = await onFleet(hosts, openMany);
  await publish('bench:throughput', [...sustained, opened], values);
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function onFleet<Result>(
  count: number,
  work: (fleet: LoadFleet) => Promise<Result>,
): Promise<Result> {
  const fleet = await LoadFleet.start(directory, count);
  try {
    await attachMany(() => fleet.attachNext(), { count: WARM_UP, inFlight: 4 });
    return await work(fleet);
  } finally {
    await fleet.stop();
  }
}

async function sustainLoad(fleet: LoadFleet): Promise<string[]> {
  const attach = (): Promise<number> => fleet.attachNext();
  const idle = await measureIdleWorker({ address: fleet.server.address, directory }, IDLE_SECONDS);
  const busy = await keepBusy(attach, { inFlight: IN_FLIGHT, seconds });
  // Last: more than can be done leaves a pile behind, and attaches that ran out of time to be undone.
  const steady = await arriveSteadily(attach, { perSecond: WANTED.perSecond, seconds });
  const row = (title: string, load: Load, wanted: string): string[] => [
    `${title}, ${String(seconds)} s`,
    load.perSecond.toFixed(1),
    wanted,
    middleAndTail(load.latenciesMs),
    String(load.failures),
  ];
  const loads = markdownTable([
    ['attaches of 4 simulated paths', 'a second', 'wanted', 'p50 / p95, ms', 'failed'],
    row(`${String(IN_FLIGHT)} at any time`, busy, `>= ${String(WANTED.perSecond)}`),
    row(`${String(WANTED.perSecond)} new ones a second`, steady, ''),
  ]);
  const worker = markdownTable([
    ['host worker', 'measured', 'wanted'],
    ['resident when started, MB', idle.startedMb.toFixed(0), `<= ${String(WANTED.workerMb)}`],
    ['resident after 20 volumes, MB', idle.workedMb.toFixed(0), `<= ${String(WANTED.workerMb)}`],
    [
      `CPU when idle, % of a core over ${String(IDLE_SECONDS)} s`,
      idle.idlePercent.toFixed(1),
      'none',
    ],
  ]);
  return [loads, worker];
}

async function openMany(fleet: LoadFleet): Promise<string> {
  const attach = (): Promise<number> => fleet.attachNext();
  const rows: string[][] = [];
  let opened = WARM_UP;
  for (const share of CHECKPOINTS) {
    const count = Math.max(0, Math.round(open * share) - opened);
    const filling = await attachMany(attach, { count, inFlight: IN_FLIGHT });
    const sample = await attachMany(attach, { count: SAMPLE, inFlight: 1 });
    rows.push([
      String(opened + count),
      middleAndTail(sample.latenciesMs),
      count === 0 ? '' : filling.perSecond.toFixed(1),
      (await residentMb(fleet.control.pid)).toFixed(0),
      (await residentMb(fleet.server.pid)).toFixed(0),
      String(filling.failures + sample.failures),
    ]);
    opened += count + SAMPLE;
    process.stderr.write(`bench: ${String(opened)} attachments are open\n`);
  }
  return markdownTable([
    [
      `open, over ${String(hosts)} hosts`,
      'attach p50 / p95, ms',
      'attaches/s until here',
      'control worker, MB',
      'server, MB',
      'failed',
    ],
    ...rows,
  ]);
}
