import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { injectedServer } from '../support/injected-server.js';
import { Fleet, FLEET_IQN, FLEET_PORTALS } from '../support/in-process-fleet.js';

const OTHER_IQN = 'iqn.2026-11.io.example:array2';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
  fleet.array.addTarget({ iqn: OTHER_IQN, portals: FLEET_PORTALS });
});
afterAll(async () => {
  await fleet.stop();
});

describe('an attach that leaves the portals to a discovery', () => {
  test('uses every portal of its target and none of another', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();
    const [portal = ''] = FLEET_PORTALS;
    const connection = { discovery: { portal, iqn: FLEET_IQN, lun: volume.lun } };

    const result = await fleet.attach(fleet.request(host, volume, { connection }));

    expect(result).toMatchObject({ state: 'attached', kind: 'multipath', wwid: volume.wwid });
    expect(result.paths.map((path) => path.portal).sort()).toEqual(FLEET_PORTALS);
    const { sessions } = await host.simulated.control.snapshot();
    expect(new Set(sessions.map(({ targetIqn }) => targetIqn))).toEqual(new Set([FLEET_IQN]));
    // The same request again finds it attached and discovers nothing.
    expect(await fleet.attach(fleet.request(host, volume, { connection }))).toEqual(result);

    await fleet.detach(host, volume.volumeId);
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });

  test('fails by name when the portal does not serve the target, and touches nothing', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();
    const [portal = ''] = FLEET_PORTALS;
    const discovery = { portal, iqn: 'iqn.2026-11.io.example:nobody', lun: volume.lun };

    const attach = fleet.attach(fleet.request(host, volume, { connection: { discovery } }));

    await expect(attach).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    await expect(attach).rejects.toMatchObject({
      cause: {
        type: 'TargetNotFound',
        message: expect.stringContaining('Nothing had been touched'),
      },
    });
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });
});

describe('an attach that cannot do without something', () => {
  test('of an iface the host does not have is refused by name', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const request = fleet.request(host, volume);
    const connection = { ...request.connection, iface: 'no-such-nic' };

    await expect(fleet.attach({ ...request, connection })).rejects.toMatchObject({
      cause: { type: 'InvalidRequest', message: expect.stringContaining('connection.iface') },
    });
    expect(await host.simulated.control.runs()).toEqual([]);
  });

  test('of multipathd is refused before a login when the daemon is down', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await host.simulated.control.addFault({ kind: 'multipathd-stopped' });

    const attach = fleet.attach(fleet.request(host, volume, { multipath: 'required' }));

    await expect(attach).rejects.toMatchObject({ cause: { type: 'MultipathUnavailable' } });
    expect((await host.simulated.control.runs()).join('\n')).not.toContain('--login');
  });
});
