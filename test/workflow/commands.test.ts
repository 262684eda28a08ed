import { afterAll, beforeAll, expect, test } from 'vitest';
import { planUpdate, repairUpdate, verifyUpdate } from '../../src/workflows/messages.js';
import { injectedServer } from '../support/injected-server.js';
import { Fleet } from '../support/in-process-fleet.js';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
});
afterAll(async () => {
  await fleet.stop();
});

test('[L26] no command from attach to detach goes to a path: what hangs there is nobody’s wait', async () => {
  const host = await fleet.addHost();
  const volume = fleet.addVolume();
  const { volumeId } = volume;
  const { paths } = await fleet.attach(fleet.request(host, volume));
  const request = { volumeId, hostId: host.hostId };
  const plan = { ...request, operation: 'detach', mode: 'normal' } as const;
  await fleet.handle(volumeId).executeUpdate(planUpdate, { args: [plan] });
  await fleet.handle(volumeId).executeUpdate(verifyUpdate, { args: [request] });
  await fleet.handle(volumeId).executeUpdate(repairUpdate, { args: [request] });
  await fleet.detach(host, volumeId);

  const runs = await host.simulated.control.runs();

  expect(paths).toHaveLength(4);
  expect(runs.some((line) => line.startsWith('sync /dev/dm-'))).toBe(true);
  // `multipathd add path sdb` speaks to the daemon; a device would be given by its node.
  expect(runs.filter((line) => /\/dev\/(?:sd|disk)|by-path/.test(line))).toEqual([]);
});
