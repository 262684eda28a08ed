import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { MooringClient } from '../../src/client/mooring-client.js';
import { bundleWorkflows } from '../../src/worker/workflow-code.js';
import { FLEET_PORTALS, type Fleet } from '../support/in-process-fleet.js';
import { useOwnFleet } from '../support/own-fleet.js';
import { untilRecorded, untilState } from '../support/until-state.js';

const [, , , dead = ''] = FLEET_PORTALS;

const own = useOwnFleet();
let fleet: Fleet;
let mooring: MooringClient;
beforeAll(() => {
  ({ fleet, mooring } = own());
});

async function buildWorkflows(): Promise<string> {
  const path = join(own().directory, 'workflows.cjs');
  await writeFile(path, await bundleWorkflows());
  return path;
}

/** Half of it is waiting by design: for a host to be found away, for a control worker that is none. */
const LONG = { timeout: 240_000 };

test('another control worker goes on with what is open and under way', LONG, async () => {
  const built = await buildWorkflows();
  const [first, second, third] = [
    await fleet.addHost(),
    await fleet.addHost(),
    await fleet.addHost(),
  ];
  const [idle, degraded, leaving, coming] = [
    fleet.addVolume(),
    fleet.addVolume(),
    fleet.addVolume(),
    fleet.addVolume(),
  ];
  const attached = await mooring.attach(fleet.request(first, idle));
  await mooring.attach(fleet.request(second, leaving));
  const fault = await third.simulated.control.addFault({
    kind: 'portal',
    portal: dead,
    condition: { kind: 'resetting' },
  });
  const policy = { loginTimeoutMs: 1_000, retryPathsMinMs: 500, retryPathsMaxMs: 500 };
  await mooring.attach(fleet.request(third, degraded, { policy }));
  await second.stopWorker();
  const detach = mooring.detach({ volumeId: leaving.volumeId, hostId: second.hostId });
  await untilState(fleet, leaving.volumeId, 'waiting-for-host');
  const slow = await first.simulated.control.addFault({
    kind: 'portal',
    portal: dead,
    condition: { kind: 'dropped' },
  });
  const patient = {
    minPaths: 4,
    loginTimeoutMs: 30_000,
    hostWaitMs: 120_000,
    deadlineMs: 240_000,
  };
  const attach = mooring.attach(fleet.request(first, coming, { policy: patient }));
  await untilRecorded(fleet.handle(coming.volumeId), 'activityTaskCompletedEventAttributes', 3);

  await fleet.stopControlWorker();
  await first.simulated.control.removeFault(slow);
  await third.simulated.control.removeFault(fault);
  await second.startWorker();
  await fleet.startControlWorker(built);

  expect(await detach).toMatchObject({ state: 'detached', wasAttached: true });
  expect(await attach).toMatchObject({ state: 'attached' });
  await untilState(fleet, degraded.volumeId, 'attached');
  const name = { volumeId: idle.volumeId, hostId: first.hostId };
  expect(await mooring.verify(name)).toMatchObject({ holds: true });
  expect(await mooring.state(idle.volumeId)).toMatchObject({ device: attached.device });
  await mooring.detach(name);
});
