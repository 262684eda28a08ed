import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, inject, test } from 'vitest';

const directory = fileURLToPath(new URL('./histories/', import.meta.url));
const files = readdirSync(directory).filter((file) => file.endsWith('.json'));

function readHistory(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(`${directory}${file}`, 'utf8')) as Record<string, unknown>;
}

async function replay(history: unknown): Promise<void> {
  const workflowBundle = { codePath: inject('workflowBundle') };
  await Worker.runReplayHistory({ workflowBundle }, historyFromJSON(history));
}

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

describe('recorded histories', () => {
  test('are there', () => {
    expect(files.length).toBeGreaterThanOrEqual(6);
  });

  test.each(files)('%s is understood by the workflows of today', async (file) => {
    await replay(readHistory(file));
  });

  test('a history that was altered is not', async () => {
    const text = readFileSync(`${directory}attachment.attach-and-detach.v1.json`, 'utf8');
    const altered: unknown = JSON.parse(text.replaceAll('"ensureMap"', '"ensureSomethingElse"'));
    await expect(replay(altered)).rejects.toThrow(DeterminismViolationError);
  });
});
