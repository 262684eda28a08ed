import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startDevServer } from '../../src/demo/dev-server.js';
import { bundleWorkflows } from '../../src/worker/workflow-code.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** `127.0.0.1:PORT` of a real server, made for this run. */
    temporalAddress: string;
    temporalNamespace: string;
    /** Path of the bundled workflows, for a worker's `workflowBundle: { codePath }`. */
    workflowBundle: string;
  }
}

/**
 * One real Temporal server and one workflow bundle for all files of the project. Always a server of
 * our own: what these tests do to workflows is not for a server somebody uses.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-test-'));
  const [server, code] = await Promise.all([
    startDevServer({
      headless: true,
      logFile: join(directory, 'server.log'),
      onProgress: (line) => void process.stderr.write(`${line}\n`),
    }),
    bundleWorkflows(),
  ]);
  const workflowBundle = join(directory, 'workflows.cjs');
  await writeFile(workflowBundle, code);
  project.provide('temporalAddress', server.address);
  project.provide('temporalNamespace', server.namespace);
  project.provide('workflowBundle', workflowBundle);
  return async () => {
    await server.stop();
    if (project.vitest.state.getCountOfFailedTests() > 0) {
      process.stderr.write(`The log of the Temporal server is kept in ${directory}\n`);
    } else {
      await rm(directory, { recursive: true, force: true });
    }
  };
}
