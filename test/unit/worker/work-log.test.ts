import { expect, test } from 'vitest';
import type { FileWriter } from '../../../src/privileged/file-writer.js';
import { createLogger } from '../../../src/worker/logging.js';
import { logWork } from '../../../src/worker/work-log.js';
import { ScriptedRunner } from '../../support/scripted-runner.js';

const writer: FileWriter = {
  writeAttribute: () => Promise.resolve(),
  replaceFile: () => Promise.resolve(),
  removeFile: () => Promise.resolve(),
  keepFile: () => Promise.resolve(),
};

test('a log for debugging has a line for each command and each write to the kernel', async () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', destination: { write: (it) => lines.push(it) } });
  const { runner, writer: logged } = logWork({ runner: new ScriptedRunner(), writer }, logger);

  await runner.run({ program: 'multipath', args: ['-f', 'mpatha'], timeoutMs: 1_000 });
  await logged.writeAttribute('/sys/class/scsi_host/host2/scan', '0 0 1');

  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: 'debug', program: 'multipath', args: '-f mpatha', exitCode: 0, durationMs: 1 },
    { level: 'debug', path: '/sys/class/scsi_host/host2/scan', value: '0 0 1' },
  ]);
});

test('without debugging the seams stay as they are', () => {
  const seams = { runner: new ScriptedRunner(), writer };
  expect(logWork(seams, createLogger({ level: 'info' }))).toBe(seams);
});
