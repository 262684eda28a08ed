import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { injectedServer } from '../support/injected-server.js';
import { useOwnFleet } from '../support/own-fleet.js';

const VOLUMES = 4;
/** The server gives a workflow task up after 10 s. */
const TOO_LATE_MS = 11_000;
/** In the server's enumeration of timeouts. */
const START_TO_CLOSE = 1;

const own = useOwnFleet();

/** Has this process, and with it the control worker, stand still in the middle of something. */
async function standStillDuring<Result>(work: Promise<Result>, afterMs: number): Promise<Result> {
  setTimeout(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TOO_LATE_MS);
  }, afterMs);
  return work;
}

/** How often the server gave up a workflow task that a worker had. */
async function lateTasks(volumeId: string): Promise<number> {
  const history = await own().fleet.handle(volumeId).fetchHistory();
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: injectedServer().workflowBundle }, replayName: volumeId },
    history,
  );
  return (history.events ?? []).filter(
    ({ workflowTaskTimedOutEventAttributes: timedOut }) =>
      Number(timedOut?.timeoutType) === START_TO_CLOSE,
  ).length;
}

test('a control worker that stands still until its tasks are given up loses nothing, and nothing gets stuck', async () => {
  const { fleet } = own();
  const host = await fleet.addHost();
  const volumes = Array.from({ length: VOLUMES }, () => fleet.addVolume());

  const attached = await standStillDuring(
    Promise.all(volumes.map(async (volume) => fleet.attach(fleet.request(host, volume)))),
    150,
  );
  expect(attached.map(({ state }) => state)).toEqual(volumes.map(() => 'attached'));
  const detached = await standStillDuring(
    Promise.all(volumes.map(async ({ volumeId }) => fleet.detach(host, volumeId))),
    100,
  );
  expect(detached.map(({ state }) => state)).toEqual(volumes.map(() => 'detached'));

  const late = await Promise.all(volumes.map(async ({ volumeId }) => lateTasks(volumeId)));
  expect(late.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0);
  expect((await host.simulated.control.snapshot()).sessions).toEqual([]);
}, 120_000);
