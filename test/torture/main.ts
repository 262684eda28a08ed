/**
 * `npm run torture -- --seed N --runs M`: runs drawn from seeds N, N+1, … and judged by the oracle.
 * `--plan FILE` plays a kept plan again; `--selftest` shows that the oracle sees planted defects.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startDevServer } from '../../src/demo/dev-server.js';
import { bundleWorkflows } from '../../src/worker/workflow-code.js';
import { BATCH, playBatches } from './batches.js';
import { drawPlan } from './draw-plan.js';
import type { Plan } from './plan.js';
import { keep, runPlan, type RunResult } from './run-plan.js';
import { selftest } from './selftest.js';
import { told, totalOf, type Totals } from './totals.js';
import { TortureServer } from './torture-server.js';

/** Most of a run is waiting: several at once per core. */
const AT_ONCE_PER_CORE = 3;

/** Between the starts of the first: all at once they would wait for each other. */
const STAGGER_MS = 600;

const RUNS = '50';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: RUNS },
    plan: { type: 'string' },
    'at-once': { type: 'string' },
    keep: { type: 'string' },
    bundle: { type: 'string' },
    selftest: { type: 'boolean', default: false },
  },
});
const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
const runs = Number(values.runs);
const atOnce = Number(values['at-once'] ?? AT_ONCE_PER_CORE * availableParallelism());
const kept = values.keep ?? join(tmpdir(), 'mooring-torture-kept');

const isDrawn = values.plan === undefined && !values.selftest;
const isWell = isDrawn ? await runDrawn() : await onServer(playAsked);
// Workers that were killed on purpose still hold their threads.
process.exit(isWell ? 0 : 1);

async function runDrawn(): Promise<boolean> {
  const isBatch = process.send !== undefined;
  if (!isBatch) say(`torture: seed ${firstSeed}, ${runs} runs, ${atOnce} at once`);
  const begin = performance.now();
  const total =
    isBatch || runs <= BATCH
      ? await onServer((torture) => runAll(torture, drawnPlans()))
      : await inTemporary(async (temporary) =>
          playBatches({ firstSeed, runs, atOnce }, [
            '--keep',
            kept,
            '--bundle',
            await bundleInto(temporary),
          ]),
        );
  if (isBatch) await tellParent(total);
  else say(told(total, (performance.now() - begin) / 60_000));
  return total.violations + total.broken === 0;
}

function drawnPlans(): Plan[] {
  return Array.from({ length: runs }, (_none, index) => drawPlan(firstSeed + index));
}

async function tellParent(total: Totals): Promise<void> {
  await new Promise((resolve) => process.send?.(total, undefined, undefined, resolve));
}

async function onServer<Result>(
  play: (torture: TortureServer) => Promise<Result>,
): Promise<Result> {
  return inTemporary(async (temporary) => {
    const server = await startDevServer({
      headless: true,
      logFile: join(temporary, 'server.log'),
      // A server without one forgot its namespace, and with it everything, on a machine without time.
      databaseFile: join(temporary, 'server.db'),
      onProgress: say,
    });
    try {
      const workflowBundle = values.bundle ?? (await bundleInto(temporary));
      return await play(
        await TortureServer.start({ temporalAddress: server.address, workflowBundle }),
      );
    } finally {
      await server.stop();
    }
  });
}

async function bundleInto(directory: string): Promise<string> {
  const file = join(directory, 'workflows.cjs');
  await writeFile(file, await bundleWorkflows());
  return file;
}

async function inTemporary<Result>(use: (directory: string) => Promise<Result>): Promise<Result> {
  const temporary = await mkdtemp(join(tmpdir(), 'mooring-torture-'));
  try {
    return await use(temporary);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function playAsked(torture: TortureServer): Promise<boolean> {
  if (values.plan === undefined) return tellSelftest(torture);
  const plan = JSON.parse(await readFile(values.plan, 'utf8')) as Plan;
  const times = values.runs === RUNS ? 1 : runs;
  const begin = performance.now();
  const total = await runAll(
    torture,
    Array.from({ length: times }, () => plan),
  );
  say(told(total, (performance.now() - begin) / 60_000));
  return total.violations + total.broken === 0;
}

async function runAll(torture: TortureServer, plans: readonly Plan[]): Promise<Totals> {
  const results: RunResult[] = [];
  let broken = 0;
  const queue = [...plans.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, plan] = next;
      try {
        results.push(await runOne(torture, plan, `t${plan.seed}-${index}`));
      } catch (error) {
        broken += 1;
        say(
          `seed ${plan.seed}: the torture itself broke: ${String(error)}\n${(error as Error).stack ?? ''}`,
        );
      }
    }
  };
  await Promise.all(
    Array.from({ length: atOnce }, async (_none, index) => {
      await pause(index * STAGGER_MS);
      await work();
    }),
  );
  return totalOf(results, broken);
}

async function runOne(torture: TortureServer, plan: Plan, tag: string): Promise<RunResult> {
  const begin = performance.now();
  const result = await runPlan(plan, { server: torture, tag });
  const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
  const { seed, operations, faults, attached, written, histories, violations } = result;
  say(
    `seed ${seed}: ${operations} operations, ${faults} faults, ${attached} devices used, ${written} patterns, ${histories} histories, ` +
      `${violations.length} violations, ${seconds} s`,
  );
  for (const { law, what } of violations) say(`  ${law}: ${what}`);
  if (violations.length > 0) {
    say(`  again: npm run torture -- --seed ${seed} --runs 1; kept in ${await keep(kept, result)}`);
  }
  return result;
}

async function tellSelftest(torture: TortureServer): Promise<boolean> {
  const results = await selftest(torture);
  for (const { name, seen, said } of results) {
    say(`${seen ? 'seen  ' : 'MISSED'} ${name}`);
    if (!seen) for (const line of said) say(`  instead: ${line}`);
  }
  const missed = results.filter(({ seen }) => !seen).length;
  say(`torture --selftest: ${results.length - 1} planted defects, ${missed} missed`);
  return missed === 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
