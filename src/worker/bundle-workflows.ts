import { rename, writeFile } from 'node:fs/promises';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { BUNDLE_PATH, ENTRY_PATH, isBundleFresh } from './workflow-code.js';

// A step of the build: `node dist/worker/bundle-workflows.js` makes the bundle when it is stale.
if (!isBundleFresh()) {
  const { code } = await bundleWorkflowCode({
    workflowsPath: ENTRY_PATH,
    logger: new DefaultLogger('WARN'),
  });
  // Whole or not at all: a worker may be starting.
  const staged = `${BUNDLE_PATH}.${process.pid}`;
  await writeFile(staged, code);
  await rename(staged, BUNDLE_PATH);
}
