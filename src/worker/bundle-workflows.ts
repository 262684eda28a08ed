import { rename, writeFile } from 'node:fs/promises';
import { BUNDLE_PATH, bundleWorkflows, isBundleFresh } from './workflow-code.js';

// A step of the build: `node dist/worker/bundle-workflows.js` makes the bundle when it is stale.
if (!isBundleFresh()) {
  // Whole or not at all: a worker may be starting.
  const staged = `${BUNDLE_PATH}.${process.pid}`;
  await writeFile(staged, await bundleWorkflows());
  await rename(staged, BUNDLE_PATH);
}
