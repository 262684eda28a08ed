import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { RealHostUnderTest } from './real-host-under-test.js';

/** Nothing of it takes longer unless the guest hangs. */
const CLEAN_TIMEOUT_MS = 300_000;

/**
 * One real host for all tests of a file. After a test that failed it is cleaned by force, and at the
 * end the logs are kept.
 */
export function useRealHost(): () => RealHostUnderTest {
  let runDirectory = '';
  let real: RealHostUnderTest | undefined;
  // Until everything runs, everything is worth keeping.
  let isWorthKeeping = true;

  beforeAll(async () => {
    runDirectory = await mkdtemp(join(tmpdir(), 'mooring-lab-'));
    real = await RealHostUnderTest.start(runDirectory);
    isWorthKeeping = false;
  });

  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    isWorthKeeping = true;
    await real?.clean();
  }, CLEAN_TIMEOUT_MS);

  afterAll(async () => {
    if (isWorthKeeping && real !== undefined) {
      const log = await real.workerLog().catch(() => 'The guest gave no worker log');
      await writeFile(join(runDirectory, 'host-worker.log'), log);
    }
    await real?.stop();
    if (isWorthKeeping) process.stdout.write(`lab: logs are kept in ${runDirectory}\n`);
    else await rm(runDirectory, { recursive: true, force: true });
  });

  return () => {
    if (real === undefined) throw new Error('The guest did not start');
    return real;
  };
}
