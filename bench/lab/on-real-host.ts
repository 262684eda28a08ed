import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealHostUnderTest, type RealHostOptions } from '../../lab/real-host-under-test.js';
import type { Volume } from '../../test/conformance/host-under-test.js';

/**
 * Runs a bench in the lab's guest. What was measured is published also when it ends early; the exit
 * code says that it did.
 */
export async function onRealHost(
  { volumes: count, ...options }: RealHostOptions & { readonly volumes: number },
  bench: {
    readonly measure: (host: RealHostUnderTest, volumes: readonly Volume[]) => Promise<void>;
    readonly publish: (end: { readonly complete: boolean }) => Promise<void>;
  },
): Promise<void> {
  const runDirectory = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
  const host = await RealHostUnderTest.start(runDirectory, options);
  let complete = false;
  try {
    const volumes = [];
    while (volumes.length < count) volumes.push(await host.freshVolume());
    await bench.measure(host, volumes);
    complete = true;
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`bench: ended early: ${String(error)}\n`);
  } finally {
    await bench.publish({ complete });
    await host.stop();
    await rm(runDirectory, { recursive: true, force: true });
  }
}
