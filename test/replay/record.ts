/**
 * Records the histories that `replay.test.ts` replays: `npm run record-histories [-- LIFE...]`.
 * Recorded by today's workflows on a real server; run it when a release changes what they do, and
 * keep the old files beside the new ones.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { startDevServer } from '../../src/demo/dev-server.js';
import { bundleWorkflows } from '../../src/worker/workflow-code.js';
import { Fleet } from '../support/in-process-fleet.js';
import { shortHistories } from '../support/short-histories.js';
import { CLOSED_LIVES, type Life } from './closed-lives.js';
import { CARRIED_LIVES, OPEN_LIVES } from './open-lives.js';

/** Version of what histories look like; part of the file names. */
const CONTRACT = 'v1';

const named = new Set(process.argv.slice(2));
const directory = fileURLToPath(new URL('./histories/', import.meta.url));
const temporary = await mkdtemp(join(tmpdir(), 'mooring-record-'));
try {
  await mkdir(directory, { recursive: true });
  const workflowBundle = join(temporary, 'workflows.cjs');
  await writeFile(workflowBundle, await bundleWorkflows());
  await recordOn({ ...CLOSED_LIVES, ...OPEN_LIVES }, [], workflowBundle);
  await recordOn(CARRIED_LIVES, shortHistories(30), workflowBundle);
} finally {
  await rm(temporary, { recursive: true, force: true });
}

/** Plays lives on a server of their own and keeps their histories. */
async function recordOn(
  lives: Readonly<Record<string, Life>>,
  dynamicConfig: readonly string[],
  workflowBundle: string,
): Promise<void> {
  const wanted = Object.entries(lives).filter(([life]) => named.size === 0 || named.has(life));
  if (wanted.length === 0) return;
  const logFile = join(temporary, 'server.log');
  const server = await startDevServer({ headless: true, logFile, dynamicConfig });
  try {
    const fleet = await Fleet.start({ temporalAddress: server.address, workflowBundle });
    for (const [life, play] of wanted) await keep(life, await play(fleet));
    await fleet.stop();
  } finally {
    await server.stop();
  }
}

async function keep(life: string, handle: WorkflowHandle): Promise<void> {
  const { type } = await handle.describe();
  const history = historyToJSON(await handle.fetchHistory());
  await writeFile(join(directory, `${type}.${life}.${CONTRACT}.json`), withoutTraces(history));
  process.stdout.write(`recorded ${life}\n`);
}

/** Stack traces name files of the machine that recorded, and replay does not look at them. */
function withoutTraces(history: string): string {
  return history.replaceAll(/"stackTrace":\s*"(?:[^"\\]|\\.)*"/g, '"stackTrace": ""');
}
