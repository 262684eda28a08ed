import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SimulatorConfig } from '../../../src/simulator/process/process-config.js';
import { connectSimulatedHost, type RemoteHost } from '../../../src/simulator/remote-host.js';
import { eventually } from '../../support/eventually.js';
import {
  bytes,
  IQN,
  OTHER_WWID,
  PORTAL,
  PORTALS,
  Rig,
  SIZE_BYTES,
  textOf,
  TIME_SCALE,
  WWID,
} from './rig.js';

const ENTRY = fileURLToPath(
  new URL('../../../src/simulator/simulator-process.ts', import.meta.url),
);

let directory: string;
let socketPath: string;
let simulator: ChildProcess;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'simulator-'));
  socketPath = join(directory, 'simulator.sock');
  simulator = await startSimulator(socketPath);
}, 20_000);

afterAll(async () => {
  simulator.kill();
  await rm(directory, { recursive: true });
});

async function startSimulator(path: string): Promise<ChildProcess> {
  const config: SimulatorConfig = {
    socketPath: path,
    timeScale: TIME_SCALE,
    hosts: ['db-1', 'db-2', 'db-3', 'db-4', 'db-5'],
    volumes: [
      { name: 'v1', wwid: WWID, sizeBytes: SIZE_BYTES },
      { name: 'v2', wwid: OTHER_WWID, sizeBytes: SIZE_BYTES },
    ],
    targets: [{ iqn: IQN, portals: PORTALS }],
    mappings: [
      { iqn: IQN, lun: 4, volume: 'v1' },
      { iqn: IQN, lun: 5, volume: 'v2' },
    ],
  };
  const args = ['--import', 'tsx', ENTRY, JSON.stringify(config)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  expect(JSON.parse(line.toString())).toEqual({ listening: path });
  return child;
}

async function connect(hostId: string): Promise<{ rig: Rig; remote: RemoteHost }> {
  const remote = await connectSimulatedHost({ socketPath, hostId });
  return { rig: new Rig(remote), remote };
}

describe('a host in another process', () => {
  test('is attached, written and read through the same seams', async () => {
    const { rig, remote } = await connect('db-1');
    await rig.attachOnePath();
    await rig.addMap();

    await rig.control.writeThrough('/dev/dm-0', 0, bytes('pattern'));
    expect((await rig.run('sync', '/dev/dm-0')).exitCode).toBe(0);

    expect(textOf(await rig.control.readThrough('/dev/dm-0', 0, 7))).toBe('pattern');
    expect((await rig.control.snapshot()).maps).toHaveLength(1);
    remote.close();
  });

  test('carries errors over with their code', async () => {
    const { rig, remote } = await connect('db-1');

    await expect(rig.read('/etc/nothing')).rejects.toMatchObject({
      code: 'ENOENT',
      message: "ENOENT: no such file or directory, open '/etc/nothing'",
    });
    await expect(rig.run('multipath', '-ll')).rejects.toMatchObject({ name: 'UnknownCommand' });
    remote.close();
  });

  test('answers many calls under way in any order', async () => {
    const { rig, remote } = await connect('db-2');

    const [logins, bootId] = await Promise.all([
      Promise.all(PORTALS.map((portal) => rig.logIn(portal))),
      rig.read('/proc/sys/kernel/random/boot_id'),
    ]);

    expect(logins.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect(bootId).toMatch(/^[0-9a-f-]{36}\n$/);
    remote.close();
  });

  test('killing the client leaves the session, and lets the login under way end', async () => {
    const { rig, remote } = await connect('db-3');
    await rig.logIn('10.0.0.1:3260');
    await rig.makeRecord('10.0.0.2:3260');
    const underWay = rig.node('10.0.0.2:3260', '--login');
    const lost = expect(underWay).rejects.toMatchObject({
      name: 'SimulatorGone',
      code: 'ECONNRESET',
    });

    remote.close();
    await lost;

    const { rig: next, remote: nextRemote } = await connect('db-3');
    await eventually(async () => {
      const { sessions } = await next.control.snapshot();
      expect(sessions.map(({ state }) => state)).toEqual(['LOGGED_IN', 'LOGGED_IN']);
    });
    nextRemote.close();
  });

  test('a boundary set by one client holds a call of another, and ends with the first', async () => {
    const [{ rig: worker, remote: workerRemote }, { rig: tester, remote: testerRemote }] = [
      await connect('db-4'),
      await connect('db-4'),
    ];
    const boundary = await tester.control.setBoundary({
      of: 'iscsiadm',
      matching: '-o new',
      side: 'before',
    });
    const call = worker.node(PORTAL, '-o', 'new');
    expect(await boundary.reached).toContain('-o new');

    testerRemote.close();

    expect((await call).exitCode).toBe(0);
    workerRemote.close();
  });

  test('a boundary can be released and the call dropped', async () => {
    const { rig, remote } = await connect('db-5');
    const boundary = await rig.control.setBoundary({ of: 'replace-file', side: 'before' });
    void rig.host.writer.replaceFile('/run/mooring/claim', 'x', 0o600).catch(() => undefined);
    await boundary.reached;

    boundary.release({ dropped: true });
    await rig.host.writer.replaceFile('/run/mooring/other', 'x', 0o600);

    const { runTree } = await rig.control.snapshot();
    expect(runTree.map(({ path }) => path)).toEqual(['/run/mooring/other']);
    remote.close();
  });

  test('a reboot of one host is none of the others', async () => {
    const [{ rig: one, remote: oneRemote }, { rig: two, remote: twoRemote }] = [
      await connect('db-4'),
      await connect('db-5'),
    ];
    const bootIds = async (): Promise<string[]> =>
      Promise.all([one, two].map((rig) => rig.read('/proc/sys/kernel/random/boot_id')));
    const [oneBefore, twoBefore] = await bootIds();

    await one.control.reboot();

    const [oneAfter, twoAfter] = await bootIds();
    expect(oneAfter).not.toBe(oneBefore);
    expect(twoAfter).toBe(twoBefore);
    oneRemote.close();
    twoRemote.close();
  });

  test('a host that is not there is refused by name', async () => {
    await expect(connect('db-99')).rejects.toThrow('no simulated host db-99 here');
  });

  test('no process at all is said so', async () => {
    const connecting = connectSimulatedHost({
      socketPath: join(directory, 'none.sock'),
      hostId: 'x',
    });

    await expect(connecting).rejects.toMatchObject({ name: 'SimulatorGone' });
  });

  test('a message above the bound ends the connection', async () => {
    const socket = createConnection(socketPath);
    socket.on('error', () => undefined);
    socket.write('x'.repeat(5 * 1024 * 1024));

    await new Promise((closed) => socket.once('close', closed));
  });
});

test('calls fail cleanly when the process is killed', async () => {
  const path = join(directory, 'other.sock');
  const child = await startSimulator(path);
  const remote = await connectSimulatedHost({ socketPath: path, hostId: 'db-1' });
  const rig = new Rig(remote);
  await rig.makeRecord();
  await rig.control.addFault({ kind: 'portal', portal: PORTAL, condition: { kind: 'dropped' } });
  const underWay = rig.node(PORTAL, '--login');
  const lost = expect(underWay).rejects.toMatchObject({ name: 'SimulatorGone' });

  child.kill('SIGKILL');

  await lost;
  await expect(rig.read('/etc/machine-id')).rejects.toMatchObject({ name: 'SimulatorGone' });
}, 20_000);
