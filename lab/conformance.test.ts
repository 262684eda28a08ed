import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { DEFAULT_GRACE, requestFor } from '../test/conformance/host-under-test.js';
import { testScenarios } from '../test/conformance/run-scenarios.js';
import { RealHostUnderTest } from './real-host-under-test.js';

const SCENARIO_TIMEOUT_MS = 300_000;
/** Noise between equal runs reaches 20 %: medians of at least five, taken in turn. */
const TIMED_ROUNDS = 5;

describe('a real Linux host', () => {
  let runDirectory = '';
  let real: RealHostUnderTest | undefined;
  let failed = false;

  function host(): RealHostUnderTest {
    if (real === undefined) throw new Error('The guest did not start');
    return real;
  }

  beforeAll(async () => {
    runDirectory = await mkdtemp(join(tmpdir(), 'mooring-lab-'));
    // Until everything runs, everything is worth keeping.
    failed = true;
    real = await RealHostUnderTest.start(runDirectory);
    failed = false;
  });

  afterEach(({ task }) => {
    if (task.result?.state === 'fail') failed = true;
  });

  afterAll(async () => {
    if (failed && real !== undefined) {
      const log = await real.workerLog().catch(() => 'The guest gave no worker log');
      await writeFile(join(runDirectory, 'host-worker.log'), log);
    }
    await real?.stop();
    if (failed) process.stdout.write(`lab: logs are kept in ${runDirectory}\n`);
    else await rm(runDirectory, { recursive: true, force: true });
  });

  testScenarios(host, SCENARIO_TIMEOUT_MS);

  test(
    'attach and detach times with 4 of 4 and 3 of 4 portals',
    async () => {
      const times = { healthy: timesOf(), dropped: timesOf() };
      const [, , , dead = ''] = host().portals;
      const volume = await host().freshVolume();
      for (let round = 0; round < TIMED_ROUNDS; round += 1) {
        for (const [kind, taken] of Object.entries(times)) {
          if (kind === 'dropped') await host().dropPortal(dead);
          const started = performance.now();
          await host().attach(requestFor(host(), volume, { policy: DEFAULT_GRACE }));
          const attached = performance.now();
          await host().detach(volume.volumeId);
          const detached = performance.now();
          if (kind === 'dropped') await host().restorePortals();
          taken.attachMs.push(attached - started);
          taken.detachMs.push(detached - attached);
        }
      }
      process.stdout.write(`${report(times)}\n`);
    },
    SCENARIO_TIMEOUT_MS,
  );
});

interface Times {
  readonly attachMs: number[];
  readonly detachMs: number[];
}

function timesOf(): Times {
  return { attachMs: [], detachMs: [] };
}

function report({ healthy, dropped }: { healthy: Times; dropped: Times }): string {
  const attach = median(dropped.attachMs) / median(healthy.attachMs);
  const detach = median(dropped.detachMs) / median(healthy.detachMs);
  return [
    `lab: medians of ${TIMED_ROUNDS}, emulated CPU, ms`,
    `lab: 4 of 4 portals: attach ${spread(healthy.attachMs)}, detach ${spread(healthy.detachMs)}`,
    `lab: 3 of 4 portals: attach ${spread(dropped.attachMs)}, detach ${spread(dropped.detachMs)}`,
    `lab: ratio 3 of 4 : 4 of 4: attach ${attach.toFixed(2)} (wanted <= 1.1), detach ${detach.toFixed(2)}`,
  ].join('\n');
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const [min = 0, max = 0] = [sorted[0], sorted.at(-1)];
  return `${median(values).toFixed(0)} (${min.toFixed(0)}-${max.toFixed(0)})`;
}
