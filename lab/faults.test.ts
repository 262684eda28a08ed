import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bundleWorkflows } from '../src/worker/workflow-code.js';
import { Replayer } from '../test/torture/replayer.js';
import { FAULTS } from './faults/faults.js';
import type { LabFault } from './faults/fault.js';
import { runFault, type Bench, type Outcome } from './faults/run-fault.js';
import { Stage } from './faults/stage.js';

/** Several times what the longest takes on two idle cores. */
const FAULT_TIMEOUT_MS = 900_000;
const OUTCOMES = 'outcomes.log';

/** What is done to a real host while a volume comes or goes; each by its own name: `-t K-03`. */
describe('a real Linux host', () => {
  let bench: Bench | undefined;
  let runDirectory = '';
  let isWorthKeeping = true;

  beforeAll(async () => {
    const logger = new DefaultLogger('WARN');
    Runtime.install({ logger });
    runDirectory = await mkdtemp(join(tmpdir(), 'mooring-faults-'));
    const [stage, code] = await Promise.all([Stage.start(runDirectory), bundleWorkflows()]);
    const codePath = join(runDirectory, 'workflows.cjs');
    await writeFile(codePath, code);
    bench = { stage, replayer: new Replayer({ codePath }), runDirectory };
    isWorthKeeping = false;
  });

  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    isWorthKeeping = true;
    await bench?.stage.rebuild();
  }, FAULT_TIMEOUT_MS);

  afterAll(async () => {
    if (isWorthKeeping && bench !== undefined) {
      const log = await bench.stage.worker.log().catch(() => 'The guest gave no worker log');
      await writeFile(join(runDirectory, 'host-worker.log'), log);
    }
    await bench?.stage.stop();
    if (isWorthKeeping) process.stdout.write(`lab: logs are kept in ${runDirectory}\n`);
    else await rm(runDirectory, { recursive: true, force: true });
  });

  for (const fault of FAULTS) {
    test(
      `${fault.id} ${fault.claim}`,
      async () => {
        if (bench === undefined) throw new Error('The guest did not start');
        const started = performance.now();
        const outcome = await runFault(bench, fault);
        const line = lineOf(fault, outcome, performance.now() - started);
        process.stdout.write(`lab: ${line}\n`);
        // To be read while it goes on: what a test prints shows at the end only.
        await appendFile(join(runDirectory, OUTCOMES), [line, ...outcome.wrong, ''].join('\n'));
        if (outcome.wrong.length > 0) {
          const evidence = JSON.stringify(outcome.evidence, undefined, 1);
          await writeFile(join(runDirectory, `${fault.id}.json`), evidence);
        }
        expect(outcome.wrong).toEqual([]);
      },
      FAULT_TIMEOUT_MS,
    );
  }
});

function lineOf({ id, claim }: LabFault, outcome: Outcome, tookMs: number): string {
  const { end, failure, wrong } = outcome;
  const verdict = wrong.length === 0 ? 'right' : 'WRONG';
  const how = failure === undefined ? end : `${end}, the caller heard ${failure}`;
  return `${id} ${verdict} ${(tookMs / 1_000).toFixed(1)} s (${how}): ${claim}`;
}
