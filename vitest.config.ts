import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // The SDK's native part wants a process of its own per file.
    pool: 'forks',
    // The default on two cores is one, but most of these tests wait more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/{unit,property}/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'simulator',
          include: [
            'test/{workflow,conformance,replay,worker,client,cli,demo}/**/*.test.ts',
            'test/{durability,torture}/**/*.test.ts',
          ],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'lab',
          include: ['lab/{smoke,core,guest-reboot,reboot,faults,concurrency}.test.ts'],
          // One guest at a time: an emulated machine takes every core it gets.
          fileParallelism: false,
          testTimeout: 300_000,
          // The first run makes the guest's disk image.
          hookTimeout: 1_800_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'real',
          include: ['lab/conformance.test.ts'],
          hookTimeout: 1_800_000,
        },
      },
    ],
  },
});
