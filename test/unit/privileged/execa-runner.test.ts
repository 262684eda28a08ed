import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Program } from '../../../src/privileged/command-runner.js';
import { ExecaRunner } from '../../../src/privileged/execa-runner.js';

let directory: string;
let runner: ExecaRunner;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-runner-'));
  runner = new ExecaRunner({
    searchPath: [directory, '/usr/bin', '/bin'],
    outputDirectory: join(directory, 'output'),
  });
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Puts a shell script in the place of a program. */
async function install(program: Program, ...lines: string[]): Promise<void> {
  const path = join(directory, program);
  await writeFile(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  await chmod(path, 0o755);
}

async function textOf(name: string): Promise<string> {
  return readFile(join(directory, name), 'utf8').catch(() => '');
}

/** Other processes take the time they need. */
async function eventually(claim: () => Promise<void>): Promise<void> {
  await vi.waitFor(claim, { timeout: 15_000 });
}

/** A zombie is dead: whoever should collect it does not matter here. */
async function isAlive(pid: string): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tZ');
  return !/^State:\tZ/m.test(status);
}

test('a command is answered with its exit code and both outputs', async () => {
  await install('multipath', 'echo out; echo err >&2; exit 3');
  const end = await runner.run({ program: 'multipath', args: [], timeoutMs: 10_000 });
  expect(end).toMatchObject({ exitCode: 3, stdout: 'out\n', stderr: 'err\n', timedOut: false });
});

test('arguments arrive one by one, whatever is in them', async () => {
  await install('multipathd', `printf '[%s]' "$@"`);
  const args = ['a b', '$(id)', '', ';', '%d %w'];
  const end = await runner.run({ program: 'multipathd', args, timeoutMs: 10_000 });
  expect(end.stdout).toBe('[a b][$(id)][][;][%d %w]');
});

test("a command gets a clean environment, no input, and the worker's directory is not its own", async () => {
  vi.stubEnv('MOORING_TEST_MARKER', 'leaked');
  await install('sync', 'env; pwd; cat');
  const end = await runner.run({ program: 'sync', args: [], timeoutMs: 10_000 });
  vi.unstubAllEnvs();
  const lines = end.stdout.trim().split('\n');
  expect(lines).toContain('LC_ALL=C');
  expect(lines).toContain('/');
  expect(end.stdout).not.toContain('leaked');
});

test('a command runs in a process group of its own', async () => {
  await install('sync', 'echo $$; ps -o pgid= -p $$');
  const end = await runner.run({ program: 'sync', args: [], timeoutMs: 10_000 });
  const [pid, group] = end.stdout.split('\n').map(Number);
  expect(group).toBe(pid);
});

test('output beyond 1 MiB is cut, and the command ends well', async () => {
  await install('multipath', 'head -c 3000000 /dev/zero | tr "\\0" x; echo end >&2');
  const end = await runner.run({ program: 'multipath', args: [], timeoutMs: 20_000 });
  expect(end).toMatchObject({ exitCode: 0, stderr: 'end\n' });
  expect(end.stdout).toHaveLength(1_048_576);
});

test('a program that is not installed is missing', async () => {
  await expect(
    runner.run({ program: 'iscsiadm', args: [], timeoutMs: 1_000 }),
  ).rejects.toMatchObject({ name: 'MissingProgram', program: 'iscsiadm' });
});

test('a program that cannot be started fails without its argument list', async () => {
  await writeFile(join(directory, 'multipath'), '#!/nonexistent/interpreter\n');
  await chmod(join(directory, 'multipath'), 0o755);
  const error: unknown = await runner
    .run({ program: 'multipath', args: ['marker-argument'], timeoutMs: 1_000 })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('marker-argument');
});

test('past its deadline a command is asked to end', async () => {
  await install(
    'sync',
    'trap "echo asked; exit 0" TERM',
    'echo begun',
    'while :; do sleep 0.05; done',
  );
  const end = await runner.run({ program: 'sync', args: [], timeoutMs: 1_000 });
  expect(end).toMatchObject({ timedOut: true, stdout: 'begun\nasked\n' });
  expect(end).not.toHaveProperty('exitCode');
});

test('[L11] a command that ignores TERM is killed with all it started', async () => {
  await install('sync', 'trap "" TERM', 'sleep 60 &', 'echo $$ $!', 'while :; do sleep 0.05; done');
  const end = await runner.run({ program: 'sync', args: [], timeoutMs: 1_000 });
  const pids = end.stdout.trim().split(' ');
  expect(end.timedOut).toBe(true);
  expect(pids).toHaveLength(2);
  await eventually(async () => {
    expect(await Promise.all(pids.map(isAlive))).toEqual([false, false]);
  });
});

test('iscsiadm is never signalled: it ends by itself, and its words do not kill it', async () => {
  const done = join(directory, 'done');
  await install(
    'iscsiadm',
    `trap "echo signalled > ${done}; exit 1" TERM INT HUP PIPE`,
    'sleep 2; echo late words; echo more >&2',
    `echo finished > ${done}`,
  );
  const end = await runner.run({ program: 'iscsiadm', args: [], timeoutMs: 100 });
  expect(end).toMatchObject({ timedOut: true, stdout: '' });
  expect(end.durationMs).toBeLessThan(1_900);
  await eventually(async () => {
    expect(await textOf('done')).toBe('finished\n');
  });
});

test('iscsiadm outlives a worker that is killed, and speaks on without harm', async () => {
  const done = join(directory, 'done');
  await install(
    'iscsiadm',
    `trap "echo signalled > ${done}; exit 1" TERM INT HUP PIPE`,
    'kill -KILL "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.02; done',
    `echo words && echo more >&2 && echo finished > ${done}`,
  );
  const worker = fileURLToPath(new URL('../../support/dying-worker.ts', import.meta.url));
  const args = ['--import', 'tsx', worker, directory, join(directory, 'output')];
  const end = await promisify(execFile)(process.execPath, args).catch((killed: unknown) => killed);
  expect(end).toMatchObject({ signal: 'SIGKILL' });
  await eventually(async () => {
    expect(await textOf('done')).toBe('finished\n');
  });
  expect(await readdir(join(directory, 'output'))).toEqual([]);
});

test('a child that keeps the outputs open does not keep us waiting', async () => {
  await install('multipath', 'sleep 5 &', 'echo $!');
  const end = await runner.run({ program: 'multipath', args: [], timeoutMs: 10_000 });
  expect(end.exitCode).toBe(0);
  expect(end.durationMs).toBeLessThan(3_000);
  process.kill(Number(end.stdout), 'SIGKILL');
});

test('a command leaves no file behind', async () => {
  await install('sync', 'echo words');
  await runner.run({ program: 'sync', args: [], timeoutMs: 10_000 });
  expect(await readdir(join(directory, 'output'))).toEqual([]);
});

test('[L11] a command that a signal ends has no exit code', async () => {
  await install('sync', 'kill -9 $$');
  const end = await runner.run({ program: 'sync', args: [], timeoutMs: 10_000 });
  expect(end).toMatchObject({ timedOut: false });
  expect(end).not.toHaveProperty('exitCode');
});
