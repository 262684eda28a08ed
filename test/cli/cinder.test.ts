import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Fleet, FLEET_IQN, FLEET_PORTALS } from '../support/in-process-fleet.js';
import { injectedServer } from '../support/injected-server.js';
import { cli } from './cli-harness.js';

let fleet: Fleet;
const env = { TEMPORAL_ADDRESS: inject('temporalAddress') };
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
});
afterAll(async () => {
  await fleet.stop();
});

describe('a connection of Cinder', () => {
  test('is attached as it is, answered as os-brick does, and detached by the volume alone', async () => {
    const { hostId } = await fleet.addHost();
    const { volumeId, lun, wwid } = fleet.addVolume();
    const connection = {
      driver_volume_type: 'iscsi',
      data: {
        target_discovered: true,
        target_portals: FLEET_PORTALS.map((portal) => `${portal},1`),
        target_iqns: FLEET_PORTALS.map(() => FLEET_IQN),
        target_luns: FLEET_PORTALS.map(() => String(lun)),
        volume_id: volumeId,
        wwn: wwid.toUpperCase(),
        qos_specs: null,
        access_mode: 'rw',
        encrypted: false,
        enforce_multipath: true,
      },
    };

    const attached = await cli(
      ['attach', '--cinder', '-', '--host', hostId, '-o', 'device-info', '--quiet'],
      { stdin: JSON.stringify(connection), env },
    );
    expect(attached).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(attached.stdout)).toEqual({
      type: 'block',
      path: expect.stringMatching(/^\/dev\/dm-\d+$/) as string,
      scsi_wwn: wwid,
      multipath_id: wwid,
    });

    const detached = await cli(['detach', volumeId, '-o', 'json', '-q'], { env });
    expect(detached).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(detached.stdout)).toMatchObject({ wasAttached: true });
  });

  test('that names one portal of four is attached over all of them when multipath is asked for', async () => {
    const { hostId } = await fleet.addHost();
    const { volumeId, lun } = fleet.addVolume();
    const connection = {
      driver_volume_type: 'iscsi',
      target_discovered: false,
      target_portal: FLEET_PORTALS[0],
      target_iqn: FLEET_IQN,
      target_lun: lun,
      enforce_multipath: false,
    };
    const options = ['--volume-id', volumeId, '--host', hostId, '--multipath', 'preferred'];

    const attached = await cli(['attach', '--cinder', '-', ...options, '-o', 'json', '-q'], {
      stdin: JSON.stringify(connection),
      env,
    });
    expect(attached).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(attached.stdout)).toMatchObject({
      kind: 'multipath',
      paths: FLEET_PORTALS.map((portal) => ({ portal, lun })),
    });
    await cli(['detach', volumeId, '-q'], { env });
  });
});
