import { afterAll, beforeAll, expect, test } from 'vitest';
import { RECOVERIES_AT_ONCE } from '../../src/worker/announce-boot.js';
import { injectedServer } from '../support/injected-server.js';
import { Fleet, type FleetHost } from '../support/in-process-fleet.js';

const VOLUMES = 100;
/** Attached so many at a time, to be quick. */
const ATTACHES_AT_ONCE = 12;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
});
afterAll(async () => {
  await fleet.stop();
});

async function attachAll(host: FleetHost): Promise<string[]> {
  const volumes = Array.from({ length: VOLUMES }, () => fleet.addVolume());
  const waiting = [...volumes];
  const inTurn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const request = fleet.request(host, next);
      const paths = request.connection.paths?.slice(0, 1);
      await fleet.attach({ ...request, connection: { paths } });
    }
  };
  await Promise.all(Array.from({ length: ATTACHES_AT_ONCE }, inTurn));
  return volumes.map(({ volumeId }) => volumeId);
}

/** When an attachment's recovery began and ended, as its history tells. Milliseconds. */
async function recoveryOf(volumeId: string): Promise<{ began: number; ended: number }> {
  const { events = [] } = await fleet.handle(volumeId).fetchHistory();
  const times = events?.map(({ eventTime, ...event }) => ({
    at: Number(eventTime?.seconds) * 1_000 + (eventTime?.nanos ?? 0) / 1e6,
    event,
  }));
  const signal = times?.findIndex(({ event }) => event.workflowExecutionSignaledEventAttributes);
  const after = times?.slice(signal) ?? [];
  const steps = after.filter(({ event }) => event.activityTaskCompletedEventAttributes);
  return { began: after[0]?.at ?? 0, ended: steps.at(-1)?.at ?? 0 };
}

test('all volumes of a host come back after its reboot, oldest first and a few at a time', async () => {
  const host = await fleet.addHost();
  const volumeIds = await attachAll(host);

  await host.simulated.control.reboot();
  await fleet.announce(host);

  const bootId = (await host.simulated.files.readText('/proc/sys/kernel/random/boot_id')).trim();
  const recoveries: { began: number; ended: number }[] = [];
  for (const volumeId of volumeIds) {
    expect(await fleet.state(volumeId)).toMatchObject({ state: 'attached', bootId });
    recoveries.push(await recoveryOf(volumeId));
  }
  expect((await host.simulated.control.snapshot()).maps).toHaveLength(VOLUMES);
  const atOnce = recoveries.map(
    ({ began }) => recoveries.filter((other) => other.began <= began && began < other.ended).length,
  );
  expect(Math.max(...atOnce)).toBeLessThanOrEqual(RECOVERIES_AT_ONCE);
  const begins = recoveries.map(({ began }) => began);
  // The first attached began before the last attached.
  expect(Math.min(...begins.slice(-RECOVERIES_AT_ONCE))).toBeGreaterThan(
    Math.max(...begins.slice(0, RECOVERIES_AT_ONCE)),
  );
}, 240_000);
