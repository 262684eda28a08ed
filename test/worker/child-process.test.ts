import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { startChild } from '../../src/demo/child-process.js';
import { eventually } from '../support/eventually.js';

const IDLE = 'setInterval(() => {}, 1000)';
/** Starts a second process in its group, prints that one's id, ignores TERM. */
const STUBBORN_FAMILY = `
  process.on('SIGTERM', () => {});
  const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(IDLE)}]);
  console.log(child.pid);
  ${IDLE};
`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a program that does not exist is refused by name', async () => {
  await expect(startChild({ file: 'no-such-program', args: [] })).rejects.toThrow(
    /no-such-program cannot be started.*ENOENT/,
  );
});

test('an end by itself is told with its code', async () => {
  const child = await startChild({ file: process.execPath, args: ['-e', 'process.exit(3)'] });
  expect(await child.exited).toEqual({ exitCode: 3 });
});

test('an end by a signal is told with the signal', async () => {
  const child = await startChild({ file: process.execPath, args: ['-e', IDLE] });
  child.kill('SIGKILL');
  expect(await child.exited).toEqual({ signal: 'SIGKILL' });
});

test('both output streams go to the log, after what is there', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-child-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const logFile = join(directory, 'log');
  for (const word of ['one', 'two']) {
    const args = ['-e', `console.log('${word}'); console.error('${word}!')`];
    await (
      await startChild({ file: process.execPath, args, logFile })
    ).exited;
  }
  expect((await readFile(logFile, 'utf8')).split('\n')).toEqual(['one', 'one!', 'two', 'two!', '']);
});

test('stop ends a group that ignores TERM, with all that is in it', async () => {
  const lines: string[] = [];
  const child = await startChild({
    file: process.execPath,
    args: ['-e', STUBBORN_FAMILY],
    onLine: (line) => lines.push(line),
  });
  await eventually(() => expect(lines).toHaveLength(1), { withinMs: 10_000 });
  const grandchild = Number(lines[0]);
  expect(isAlive(grandchild)).toBe(true);
  expect(await child.stop({ graceMs: 200 })).toEqual({ signal: 'SIGKILL' });
  expect(isAlive(child.pid)).toBe(false);
  expect(isAlive(grandchild)).toBe(false);
});

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'children end with a parent ended by %s',
  async (signal) => {
    const module = new URL('../../src/demo/child-process.ts', import.meta.url).href;
    const program = `
    import { startChild } from ${JSON.stringify(module)};
    const child = await startChild({ file: process.execPath, args: ['-e', ${JSON.stringify(IDLE)}] });
    console.log(child.pid);
    ${IDLE};
  `;
    const parent = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', program],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const child = Number(line);
    expect(isAlive(child)).toBe(true);
    parent.kill(signal);
    await eventually(() => expect(isAlive(child)).toBe(false), { withinMs: 10_000 });
  },
);
