import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';

/** Made by the build beside the compiled workflows; without it the worker bundles at its start. */
const BUNDLE = new URL('../workflows/bundle.cjs', import.meta.url);
/** Beside us in `dist` as in `src`, with the ending that this file has itself. */
const ENTRY = new URL(`../workflows/index${extname(import.meta.url)}`, import.meta.url);

/** Where a control worker has its workflows from. */
export function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = fileURLToPath(BUNDLE);
  return existsSync(codePath)
    ? { workflowBundle: { codePath } }
    : { workflowsPath: fileURLToPath(ENTRY) };
}
