import { defineConfig } from 'vitest/config';

/** Forks: the SDK's native part wants a process of its own per file. */
const pool = 'forks';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          pool,
          include: ['test/{unit,property,replay}/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'server',
          pool,
          include: ['test/{workflow,conformance,worker,cli,client,demo}/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'lab',
          pool,
          include: ['lab/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
