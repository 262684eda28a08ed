import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { CLOSED_LIVES } from './closed-lives.js';
import { CARRIED_LIVES, OPEN_LIVES } from './open-lives.js';

const directory = fileURLToPath(new URL('./histories/', import.meta.url));
const files = readdirSync(directory).filter((file) => file.endsWith('.json'));
const lives = Object.keys({ ...CLOSED_LIVES, ...OPEN_LIVES, ...CARRIED_LIVES });

async function replay(historyText: string): Promise<void> {
  const workflowBundle = { codePath: inject('workflowBundle') };
  await Worker.runReplayHistory({ workflowBundle }, historyFromJSON(JSON.parse(historyText)));
}

function readHistory(file: string): string {
  return readFileSync(`${directory}${file}`, 'utf8');
}

beforeAll(() => {
  const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter } },
  });
});

describe('recorded histories', () => {
  test.each(lives)('tell of the life %s', (life) => {
    expect(files.filter((file) => file.split('.')[1] === life)).not.toEqual([]);
  });

  test.each(files)('%s is understood by the workflows of today', async (file) => {
    await replay(readHistory(file));
  });

  test.each(files)('%s is not, once its last step is another', async (file) => {
    await expect(replay(withAnotherLastStep(readHistory(file)))).rejects.toThrow(
      DeterminismViolationError,
    );
  });
});

function withAnotherLastStep(history: string): string {
  const name = /("activityType": \{\s*"name": ")(?!.*"activityType")/s;
  return history.replace(name, '$1somethingElse');
}
