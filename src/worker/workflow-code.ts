import { readdirSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkerOptions } from '@temporalio/worker';

/** Made by `bundle-workflows.ts` beside the compiled workflows. */
export const BUNDLE_PATH = fileURLToPath(new URL('../workflows/bundle.cjs', import.meta.url));
/** What a bundle is made of. */
const SOURCES = ['../workflows', '../contract'];

const workflowsPath = besideUs('index');
const workflowModules = [besideUs('interceptors')];
const preloadModules = [besideUs('short-stacks')];

/**
 * Where a control worker has its workflows from: the prebuilt bundle, or the compiled files, which
 * it then bundles at its start (some seconds and 100 MB more).
 */
export function workflowCode(): Pick<
  WorkerOptions,
  'workflowBundle' | 'workflowsPath' | 'bundlerOptions'
> & {
  readonly interceptors: { readonly workflowModules?: string[] };
} {
  return isBundleFresh()
    ? { workflowBundle: { codePath: BUNDLE_PATH }, interceptors: {} }
    : { workflowsPath, interceptors: { workflowModules }, bundlerOptions: { preloadModules } };
}

/** Bundles the workflows with all that belongs to them; what goes wrong is said on stderr. */
export async function bundleWorkflows(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: workflowModules,
    preloadModules,
    logger: new DefaultLogger('WARN'),
  });
  return code;
}

/** Whether there is a bundle, and nothing it was made of has changed since. */
export function isBundleFresh(): boolean {
  const bundledAtMs = statSync(BUNDLE_PATH, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return SOURCES.every((folder) => newestMs(new URL(`${folder}/`, import.meta.url)) <= bundledAtMs);
}

/** In `dist` as in `src`, with the ending that this file has itself. */
function besideUs(name: string): string {
  return fileURLToPath(new URL(`../workflows/${name}${extname(import.meta.url)}`, import.meta.url));
}

function newestMs(folder: URL): number {
  const files = readdirSync(folder).filter((name) => /\.[jt]s$/.test(name));
  return Math.max(...files.map((name) => statSync(new URL(name, folder)).mtimeMs));
}
