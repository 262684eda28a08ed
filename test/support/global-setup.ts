import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { startDevServer } from '../../src/demo/dev-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    temporalAddress: string;
    workflowBundle: string;
  }
}

/** One real Temporal server and one workflow bundle for all files of the project. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-test-'));
  const server = await startDevServer({ ui: false, logFile: join(directory, 'server.log') });
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
  const workflowBundle = join(directory, 'workflows.cjs');
  await writeFile(workflowBundle, code);
  project.provide('temporalAddress', server.address);
  project.provide('workflowBundle', workflowBundle);
  return async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
}
