import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MooringClient } from '../../src/client/mooring-client.js';
import { startDevServer, type DevServer } from '../../src/demo/dev-server.js';
import { injectedServer } from '../support/injected-server.js';
import { Fleet, FLEET_PORTALS } from '../support/in-process-fleet.js';
import { untilRecorded, untilState } from '../support/until-state.js';

const [, , , dead = ''] = FLEET_PORTALS;

let directory: string;
/** Of our own: on the shared one the control workers of other tests would step in. */
let server: DevServer;
let fleet: Fleet;
let mooring: MooringClient;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-upgrade-'));
  server = await startDevServer({ headless: true, logFile: join(directory, 'server.log') });
  fleet = await Fleet.start({ ...injectedServer(), temporalAddress: server.address });
  mooring = new MooringClient(fleet.client);
});
afterAll(async () => {
  await fleet.stop();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

async function buildWorkflows(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
  const path = join(directory, 'workflows.cjs');
  await writeFile(path, code);
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
