import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { Fleet, FLEET_PORTALS } from '../support/in-process-fleet.js';
import { injectedServer } from '../support/injected-server.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const address = inject('temporalAddress');

/** Two cores may be busy with anything. */
const PATIENCE = { withinMs: 20_000 };

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
});
afterAll(async () => {
  await fleet.stop();
});

interface Running {
  readonly child: ChildProcess;
  readonly exitCode: Promise<unknown>;
  stdout: string;
  stderr: string;
}

function start(args: readonly string[], stdin = ''): Running {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    env: { ...process.env, TEMPORAL_ADDRESS: address },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exitCode = once(child, 'exit').then(([code]) => code as unknown);
  const running: Running = { child, exitCode, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (running.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (running.stderr += chunk.toString()));
  child.stdin.end(stdin);
  return running;
}

test('SIGINT ends an attach that waits at once, with 130, and the attach goes on', async () => {
  const host = await fleet.addHost();
  const volume = fleet.addVolume();
  const name = { volumeId: volume.volumeId, hostId: host.hostId };
  for (const portal of FLEET_PORTALS) {
    fleet.array.setPortal({ portal, condition: { kind: 'dropped' } });
  }
  const request = fleet.request(host, volume, { policy: { loginTimeoutMs: 30_000 } });
  const attach = start(['attach', '-f', '-'], JSON.stringify(request));
  await eventually(() => {
    expect(attach.stderr).toContain('log in to');
  }, PATIENCE);

  const asked = Date.now();
  attach.child.kill('SIGINT');

  expect(await attach.exitCode).toBe(130);
  expect(Date.now() - asked).toBeLessThan(3_000);
  expect(attach.stderr).toContain('goes on without you');
  for (const portal of FLEET_PORTALS) {
    fleet.array.setPortal({ portal, condition: { kind: 'up' } });
  }
  const status = start(['status', volume.volumeId, '--follow', '-o', 'json']);
  expect(await status.exitCode).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({ ...name, device: '/dev/dm-0' });
  expect(await start(['detach', volume.volumeId, '-q']).exitCode).toBe(0);
});

test('a reader that goes away is no error', async () => {
  const list = start(['schema']);
  list.child.stdout?.destroy();
  expect(await list.exitCode).toBe(0);
  expect(list.stderr).toBe('');
});
