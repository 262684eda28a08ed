import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  runProgram,
  startChild,
  type ChildProcess,
  type ProgramEnd,
} from '../../src/demo/child-process.js';
import { startSimulatedHosts } from '../../src/demo/simulated-hosts.js';
import { eventually } from '../support/eventually.js';

const MOORING = fileURLToPath(new URL('../../bin/mooring.js', import.meta.url));
const START_MS = 30_000;
/** `docs/operations.md`: conflict, unavailable, wrong command line. */
const EXIT = { conflict: 6, unavailable: 3, usage: 2 };

const hostId = `process-${randomUUID().slice(0, 8)}`;
let directory: string;
let simulator: ChildProcess;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-worker-'));
  simulator = await startSimulatedHosts({ socketPath: socketPath(), hosts: [hostId] });
});

afterAll(async () => {
  await simulator.stop({ graceMs: 1_000 });
  await rm(directory, { recursive: true, force: true });
});

function socketPath(): string {
  return join(directory, 'simulator.sock');
}

function hostArguments(...more: readonly string[]): string[] {
  const address = inject('temporalAddress');
  const what = ['--host-id', hostId, '--simulated', socketPath()];
  return [MOORING, 'worker', 'host', '--address', address, ...what, ...more];
}

describe('a host worker', () => {
  it('is alone on its host, and ends in order when told to', async () => {
    const logFile = join(directory, 'host.log');
    const args = hostArguments();
    const worker = await startChild({ file: process.execPath, args, logFile });
    await eventually(async () => expect(await readFile(logFile, 'utf8')).toContain('RUNNING'), {
      withinMs: START_MS,
    });
    const second = await run(hostArguments());
    expect(second.exitCode).toBe(EXIT.conflict);
    expect(second.stderr).toContain(
      `Another host worker runs on this host (host id ${hostId}, process ${worker.pid})`,
    );
    const { exitCode } = await worker.stop({ graceMs: START_MS });
    expect(exitCode).toBe(0);
    const lines = (await readFile(logFile, 'utf8')).trim().split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toContain('worker starts');
    expect(messages.at(-1)).toBe('worker has ended');
  });

  it('may start again at once after it was killed', async () => {
    for (const round of ['first', 'second']) {
      const logFile = join(directory, `${round}.log`);
      const args = hostArguments();
      const worker = await startChild({ file: process.execPath, args, logFile });
      await eventually(async () => expect(await readFile(logFile, 'utf8')).toContain('RUNNING'), {
        withinMs: START_MS,
      });
      worker.kill('SIGKILL');
      expect((await worker.exited).signal).toBe('SIGKILL');
    }
  });

  it('offers metrics with names that Prometheus wants', async () => {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const logFile = join(directory, 'metrics.log');
    const args = hostArguments('--metrics-address', `127.0.0.1:${port}`);
    const worker = await startChild({ file: process.execPath, args, logFile });
    const metrics = await eventually(
      async () => {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        expect(text).toContain('temporal_num_pollers');
        return text;
      },
      { withinMs: START_MS },
    );
    expect(metrics).toContain('temporal_request_latency_seconds_bucket');
    expect(metrics).not.toContain('_total_total');
    await worker.stop({ graceMs: START_MS });
  });

  it.each([
    { args: ['--host-id', 'DB_17'], exitCode: EXIT.usage, said: '--host-id (or MOORING_HOST_ID)' },
    {
      args: ['--simulated', '/nowhere/simulator.sock'],
      exitCode: EXIT.unavailable,
      said: '/nowhere/simulator.sock',
    },
    {
      args: ['--address', '127.0.0.1:1'],
      exitCode: EXIT.unavailable,
      said: 'No Temporal server at 127.0.0.1:1: Connection refused',
    },
  ])('refuses $args in one line', async ({ args, exitCode, said }) => {
    const end = await run(hostArguments(...args));
    expect(end.exitCode).toBe(exitCode);
    expect(end.stderr).toContain(said);
    expect(end.stderr).not.toContain('    at ');
  });
});

function run(args: readonly string[]): Promise<ProgramEnd> {
  return runProgram({ file: process.execPath, args, timeoutMs: START_MS });
}
