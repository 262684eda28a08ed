import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { Fleet, FLEET_PORTALS } from '../support/in-process-fleet.js';
import { injectedServer } from '../support/injected-server.js';
import { cli, startCli, type CliRun } from './cli-harness.js';

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

function json(run: CliRun): unknown {
  return JSON.parse(run.stdout);
}

describe('a life of an attachment', () => {
  test('is told on stdout, its steps on stderr', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId, wwid } = volume;

    const attached = await attach(fleet.request(host, volume), '-o', 'json');
    expect(attached).toMatchObject({ exitCode: 0 });
    expect(json(attached)).toMatchObject({ state: 'attached', wwid });
    for (const portal of FLEET_PORTALS) expect(attached.stderr).toContain(`log in to ${portal}`);

    const status = await cli(['status', volumeId], { env });
    expect(status.stdout).toMatch(/State +attached since/);
    expect(status.stdout).toContain(FLEET_PORTALS[3]);
    process.stderr.write(status.stdout);

    await eventually(async () => {
      const list = await cli(['list', '--host', host.hostId], { env });
      expect(list.stdout).toMatch(
        new RegExp(`${host.hostId} +${volumeId} +attached +${wwid} +4/4`),
      );
      process.stderr.write(list.stdout);
    });

    const detached = await cli(['detach', volumeId, '--requested-by', 'ops', '--reason', 'CHG-1'], {
      env,
    });
    expect(detached).toMatchObject({ exitCode: 0 });
    process.stderr.write(attached.stderr);
    process.stderr.write(detached.stderr + detached.stdout);

    const history = await cli(['history', volumeId], { env });
    expect(history.stdout).toContain('CHG-1');
    process.stderr.write(history.stdout);
  });
});
