import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { Fleet, FLEET_IQN, FLEET_PORTALS, type FleetHost } from '../support/in-process-fleet.js';
import { injectedServer } from '../support/injected-server.js';
import { cli, startCli, type CliRun } from './cli-harness.js';

/** Two cores may be busy with anything. */
const PATIENCE = { withinMs: 20_000 };

let fleet: Fleet;
const env = { TEMPORAL_ADDRESS: inject('temporalAddress') };
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
});
afterAll(async () => {
  await fleet.stop();
});

/** `mooring attach -f -` */
function attach(request: unknown, ...flags: string[]): Promise<CliRun> {
  return cli(['attach', '-f', '-', ...flags], { stdin: JSON.stringify(request), env });
}

function run(...args: string[]): Promise<CliRun> {
  return cli(args, { env });
}

function json(done: CliRun): unknown {
  return JSON.parse(done.stdout);
}

function setPortals(condition: { readonly kind: 'dropped' | 'up' }): void {
  for (const portal of FLEET_PORTALS) fleet.array.setPortal({ portal, condition });
}

/** An attach that will not end before the portals are up again. */
function slowRequest(host: FleetHost, volume: { volumeId: string; lun: number }): unknown {
  return fleet.request(host, volume, { policy: { loginTimeoutMs: 30_000 } });
}

describe('the life of an attachment', () => {
  test('is told on stdout, its steps on stderr', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId, wwid } = volume;

    const attached = await attach(fleet.request(host, volume));
    expect(attached.exitCode).toBe(0);
    expect(attached.stdout).toMatch(new RegExp(`Volume +${volumeId} on ${host.hostId}`));
    expect(attached.stdout).toMatch(/State +attached\n/);
    for (const portal of FLEET_PORTALS) {
      expect(attached.stdout).toMatch(new RegExp(`${portal} +${FLEET_IQN} +\\d+ +present`));
      expect(attached.stderr).toContain(`· log in to ${portal}\n`);
      expect(attached.stderr).toMatch(new RegExp(`✔ log in to ${portal} \\d+ ms\\n`));
    }

    const status = await run('status', volumeId);
    expect(status).toMatchObject({ exitCode: 0, stderr: '' });
    expect(status.stdout).toMatch(/State +attached since 20/);
    expect(status.stdout).toMatch(/Device +\/dev\/dm-\d+ \(multipath, 64 MiB\)/);

    await eventually(async () => {
      const list = await run('list', '--host', host.hostId);
      const [header, row] = list.stdout.split('\n');
      expect(header).toMatch(/^HOST +VOLUME +STATE +WWID +PATHS +SINCE$/);
      expect(row).toMatch(new RegExp(`^${host.hostId} +${volumeId} +attached +${wwid} +4/4 +20`));
    }, PATIENCE);

    const detached = await run(
      ...['detach', volumeId, '--requested-by', 'night shift', '--reason', 'CHG-1'],
    );
    expect(detached.exitCode).toBe(0);
    expect(detached.stdout).toMatch(/State +detached\n/);
    expect(detached.stderr).toContain('✔ make sure that nothing is left');

    const history = await run('history', volumeId);
    expect(history.stdout).toMatch(/update +detach .* night shift .* done \(reason: CHG-1\)/);
    expect(history.stdout).toMatch(/run +closed/);
  });

  test('is data for programs with -o json', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId, wwid } = volume;

    const attached = await attach(fleet.request(host, volume), '-o', 'json', '--quiet');
    expect(attached).toMatchObject({ exitCode: 0, stderr: '' });
    expect(json(attached)).toMatchObject({ volumeId, state: 'attached', wwid });
    expect(json(await run('status', volumeId, '-o', 'json'))).toMatchObject({ state: 'attached' });
    await eventually(async () => {
      const list = json(await run('list', '--host', host.hostId, '-o', 'json'));
      expect(list).toMatchObject([{ volumeId, state: 'attached', pathsPresent: 4 }]);
    }, PATIENCE);
    const detached = await run('detach', volumeId, '-o', 'json', '-q');
    expect(json(detached)).toMatchObject({ wasAttached: true });
    const history = json(await run('history', volumeId, '-o', 'json')) as { kind: string }[];
    expect(history.filter(({ kind }) => kind === 'update')).toHaveLength(2);
    const nothing = await run('detach', volumeId, '-o', 'json');
    expect(nothing).toMatchObject({ exitCode: 0 });
    expect(json(nothing)).toMatchObject({ wasAttached: false });
  });

  test('can be begun without waiting, and followed', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    setPortals({ kind: 'dropped' });
    const began = await attach(slowRequest(host, volume), '--no-wait', '-o', 'json');
    expect(began).toMatchObject({ exitCode: 0, stderr: '' });
    expect(json(began)).toMatchObject({ workflowId: `attachment/${volumeId}` });

    const followed = startCli(['status', volumeId, '--follow'], { env });
    const steps = startCli(['history', volumeId, '--follow', '-o', 'json'], { env });
    await eventually(() => {
      expect(followed.stderr()).toContain('log in to');
    }, PATIENCE);
    setPortals({ kind: 'up' });

    const status = await followed.done;
    expect(status.exitCode).toBe(0);
    expect(status.stderr).toContain('✔ form the device');
    expect(status.stdout).toMatch(/State +(attached|degraded) since/);
    await run('detach', volumeId);
    const { exitCode, stdout } = await steps.done;
    expect(exitCode).toBe(0);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(events[0]).toMatchObject({ step: { kind: 'run', step: 'opened' } });
    expect(events.at(-1)).toMatchObject({ step: { kind: 'run', step: 'closed' } });
  });

  test('leaves its earlier runs to be looked at', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    for (const reason of ['first', 'second']) {
      await attach({ ...fleet.request(host, volume), reason });
      await run('detach', volumeId);
    }
    await eventually(async () => {
      const runs = json(await run('list', '--volume', volumeId, '--all', '-o', 'json')) as {
        runId: string;
      }[];
      expect(runs).toHaveLength(2);
      const { stdout } = await run('history', volumeId, '--run', runs[0]?.runId ?? '');
      expect(stdout).toContain('(reason: first)');
    }, PATIENCE);
  });
});

describe('a command that cannot do its work ends with', () => {
  test('1 when it failed and was undone', async () => {
    const host = await fleet.addHost();
    const volume = { ...fleet.addVolume(), lun: 999 };
    const request = fleet.request(host, volume, { policy: { deviceWaitMs: 500 } });

    const failed = await attach(request);

    expect(failed).toMatchObject({ exitCode: 1, stdout: '' });
    expect(failed.stderr).toMatch(/mooring: .*LUN 999.*Everything it had done was undone\.\n/);
    expect(failed.stderr).toMatch(/ {2}what to do: check that the array maps the LUN/);
  });

  test('3 when the host does not answer', async () => {
    const host = fleet.addHostWithoutWorker();
    const request = fleet.request(host, fleet.addVolume(), { policy: { hostWaitMs: 500 } });
    const failed = await attach(request, '-o', 'json');
    expect(failed.exitCode).toBe(3);
    expect(json(failed)).toMatchObject({ error: { type: 'HostUnavailable', exitCode: 3 } });
  });

  test('4 when the device is in use', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { device } = json(await attach(fleet.request(host, volume), '-o', 'json')) as {
      device: string;
    };
    await host.simulated.control.mount(device, '/mnt/data');

    const refused = await run('detach', volume.volumeId);

    expect(refused).toMatchObject({ exitCode: 4, stdout: '' });
    expect(refused.stderr).toContain('/mnt/data');
    await host.simulated.control.unmount('/mnt/data');
    expect(await run('detach', volume.volumeId)).toMatchObject({ exitCode: 0 });
  });

  test('5 when there is no such attachment', async () => {
    const volumeId = `vol-${randomUUID()}`;
    for (const command of ['status', 'history', 'detach']) {
      expect(await run(command, volumeId)).toMatchObject({ exitCode: 5 });
    }
  });

  test('6 when the volume is elsewhere', async () => {
    const [first, second] = [await fleet.addHost(), await fleet.addHost()];
    const volume = fleet.addVolume();
    await attach(fleet.request(first, volume));
    const refused = await attach(fleet.request(second, volume));
    expect(refused.exitCode).toBe(6);
    expect(refused.stderr).toContain(first.hostId);
    await run('detach', volume.volumeId);
  });
});

describe('a user who stops waiting', () => {
  test('by Ctrl-C is told that the attach goes on, and how to follow and undo it', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    setPortals({ kind: 'dropped' });
    const attaching = startCli(['attach', '-f', '-', '--request-id', 'order-1'], {
      stdin: JSON.stringify(slowRequest(host, volume)),
      env,
    });
    await eventually(() => {
      expect(attaching.stderr()).toContain('log in to');
    }, PATIENCE);

    attaching.interrupt();
    const left = await attaching.done;

    expect(left).toMatchObject({ exitCode: 130, stdout: '' });
    const said = left.stderr.trim().split('\n').at(-1);
    expect(said).toContain('The attach goes on without you (request id order-1)');
    expect(said).toContain(`mooring status ${volumeId} --host ${host.hostId} --follow`);
    expect(said).toContain(`mooring history ${volumeId} --host ${host.hostId}`);
    expect(said).toContain(`mooring detach ${volumeId} --host ${host.hostId}`);
    setPortals({ kind: 'up' });
    const again = await attach(slowRequest(host, volume), '--request-id', 'order-1');
    expect(again).toMatchObject({ exitCode: 0 });
    const history = await run('history', volumeId);
    expect(history.stdout.match(/update +attach/g)).toHaveLength(1);
    await run('detach', volumeId);
  });

  test('by a time limit is told the same, and the detach goes on', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    await attach(fleet.request(host, volume));
    await host.stopWorker();

    const late = await run('detach', volumeId, '--timeout', '1s');

    expect(late).toMatchObject({ exitCode: 124, stdout: '' });
    expect(late.stderr).toContain('mooring: The detach is not done within the time given\n');
    expect(late.stderr).toContain('The detach goes on without you');
    await host.startWorker();
    await eventually(async () => {
      expect((await run('status', volumeId)).stdout).toMatch(/State +detached since/);
    }, PATIENCE);
  });
});

test('setup may be repeated', async () => {
  for (const _ of [1, 2]) {
    const done = await run('setup', '-o', 'json');
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    expect(json(done)).toMatchObject({ namespace: 'default', registered: [] });
  }
  expect((await run('setup', '--namespace', 'nowhere')).exitCode).toBe(3);
});
