import { randomUUID } from 'node:crypto';
import { beforeAll, describe, test } from 'vitest';
import type { AttachmentRow } from '../../src/client/list-attachments.js';
import type { MooringClient } from '../../src/client/mooring-client.js';
import { eventually } from '../support/eventually.js';
import { Gate } from '../support/gate.js';
import { FLEET_PORTALS, type Fleet, type FleetHost } from '../support/in-process-fleet.js';
import { useOwnFleet } from '../support/own-fleet.js';
import { shortHistories } from '../support/short-histories.js';
import { untilState } from '../support/until-state.js';

/** Less than an attach of four paths: each attachment has to carry on as soon as it can. */
const EVENTS = 30;
const PATIENCE = { withinMs: 120_000, everyMs: 100 };
/** Much of it is waiting by design: the caller of an undo that resists is answered after 45 s. */
const LONG = { timeout: 240_000 };
const [, , , dead = ''] = FLEET_PORTALS;

const own = useOwnFleet(shortHistories(EVENTS));
let fleet: Fleet;
let mooring: MooringClient;
beforeAll(() => {
  ({ fleet, mooring } = own());
});

interface Attached {
  readonly host: FleetHost;
  readonly volumeId: string;
  readonly wwid: string;
  readonly name: { readonly volumeId: string; readonly hostId: string };
  readonly request: ReturnType<Fleet['request']> & { requestId: string };
  readonly device: string;
}

/** An attachment that has carried on in another run already. */
async function attached(more: Parameters<Fleet['request']>[2] = {}): Promise<Attached> {
  const host = await fleet.addHost();
  const volume = fleet.addVolume();
  const request = { ...fleet.request(host, volume, more), requestId: randomUUID() };
  const { device } = await mooring.attach(request);
  const { volumeId, wwid } = volume;
  await untilRuns(volumeId, 2);
  return { host, volumeId, wwid, request, device, name: { volumeId, hostId: host.hostId } };
}

/** The runs of an attachment from the first on, by following what each carried on as. */
async function runsOf(volumeId: string): Promise<string[]> {
  const { raw, runId } = await fleet.handle(volumeId).describe();
  const runs = [raw.workflowExecutionInfo?.firstRunId ?? ''];
  for (let run: string | undefined = runs[0]; run !== undefined && run !== runId;) {
    const { events } = await fleet.client.workflow
      .getHandle(`attachment/${volumeId}`, run)
      .fetchHistory();
    run = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? '';
    runs.push(run);
  }
  return runs;
}

async function untilRuns(volumeId: string, count: number): Promise<string[]> {
  let seen = '';
  return eventually(async () => {
    const { runId } = await fleet.handle(volumeId).describe();
    if (runId === seen) throw new Error(`${volumeId} is still in its run ${runId}`);
    seen = runId;
    const runs = await runsOf(volumeId);
    if (runs.length < count) throw new Error(`${volumeId} is in its run ${runs.length}`);
    return runs;
  }, PATIENCE);
}

/** How many steps were sent to hosts and control workers, in all runs. */
async function stepsOf(volumeId: string): Promise<number> {
  const histories = await Promise.all(
    (await runsOf(volumeId)).map((runId) => mooring.history(volumeId, { runId })),
  );
  return histories.flat().filter(({ kind }) => kind === 'activity').length;
}

async function rowOf(volumeId: string): Promise<AttachmentRow[]> {
  const rows: AttachmentRow[] = [];
  for await (const row of mooring.list({ volumeId })) rows.push(row);
  return rows;
}

async function detailsOf(volumeId: string): Promise<string> {
  const metadata = await fleet
    .handle(volumeId)
    .query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

describe.concurrent('an attachment that carries on in another run', LONG, () => {
  // The longest first.
  test('goes on with the cleanup of a failed attach', async ({ expect }) => {
    const host = fleet.addHostWithoutWorker();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    const { control, network } = host.simulated;
    const mounted = new Gate();
    await host.startWorker({
      network: {
        knock: async (portal, timeoutMs) => {
          if (portal !== dead) return network.knock(portal, timeoutMs);
          await mounted.passed;
          return 'silent';
        },
      },
    });
    const policy = { minPaths: 4, loginTimeoutMs: 30_000 };
    const attach = mooring.attach(fleet.request(host, volume, { policy }));
    const failed = expect(attach).rejects.toMatchObject({
      type: 'PortalUnreachable',
      facts: { undoFinished: false },
    });
    const device = await eventually(async () => {
      const { paths } = await mooring.state(volumeId);
      expect(paths[0]?.device).toBeDefined();
      return paths[0]?.device ?? '';
    }, PATIENCE);
    await control.mount(device, '/mnt/somebody');
    mounted.open();
    await failed;

    await untilRuns(volumeId, 3);
    expect(await mooring.state(volumeId)).toMatchObject({ state: 'cleaning-up' });
    const detach = mooring.detach({ volumeId, hostId: host.hostId });
    await control.unmount('/mnt/somebody');

    expect(await detach).toMatchObject({ state: 'detached', wasAttached: false });
    expect((await control.snapshot()).sessions).toEqual([]);
  });

  test('is what it was: state, row in the list, details, memo', async ({ expect }) => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    const name = { volumeId, hostId: host.hostId };
    await mooring.attach(fleet.request(host, volume));
    await mooring.detach(name);
    // The second life of a volume has a memo of the first.
    const result = await mooring.attach(fleet.request(host, volume));
    const first = await mooring.find(name);
    await untilRuns(volumeId, 2);

    const now = await mooring.find(name);
    expect(now.runId).not.toBe(first.description.raw.workflowExecutionInfo?.firstRunId);
    expect(now.after).toMatch(/^[0-9a-f-]{36}$/);
    expect(await mooring.state(volumeId)).toMatchObject({
      state: 'attached',
      device: result.device,
      stablePath: result.stablePath,
      paths: result.paths,
    });
    await eventually(async () => {
      expect(await rowOf(volumeId)).toMatchObject([
        { ...name, state: 'attached', wwid: volume.wwid, pathsExpected: 4, pathsPresent: 4 },
      ]);
    }, PATIENCE);
    expect(await detailsOf(volumeId)).toContain(`Device \`${result.device}\``);
    expect(await mooring.verify(name)).toMatchObject({ holds: true });
    await mooring.detach(name);
  });

  test('answers a repeated request as before, and does not carry it out again', async ({
    expect,
  }) => {
    const { host, volumeId, name, request, device } = await attached();
    const first = await mooring.attach(request);
    await host.simulated.control.mount(device, '/mnt/data');
    const detach = { ...name, requestId: randomUUID() };
    const refused = { type: 'DeviceInUse' };
    await expect(mooring.detach(detach)).rejects.toMatchObject(refused);
    await host.simulated.control.unmount('/mnt/data');
    await mooring.verify(name);
    await untilRuns(volumeId, 3);
    const steps = await stepsOf(volumeId);

    expect(await mooring.attach(request)).toEqual(first);
    await expect(mooring.detach(detach)).rejects.toMatchObject(refused);

    expect(await stepsOf(volumeId)).toBe(steps);
    expect(await mooring.state(volumeId)).toMatchObject({ state: 'attached' });
    expect(await mooring.detach(name)).toMatchObject({ wasAttached: true });
  });

  test('leaves no request without its answer, however they meet the change', async ({ expect }) => {
    const { volumeId, name, request } = await attached();
    const before = await mooring.attach(request);

    const callers = Array.from({ length: 5 }, async () => {
      const answers = [];
      for (let asked = 0; asked < 6; asked += 1) answers.push(await mooring.verify(name));
      return answers;
    });
    const answers = (await Promise.all(callers)).flat();

    expect(answers.map(({ holds }) => holds)).toEqual(Array(30).fill(true));
    expect((await runsOf(volumeId)).length).toBeGreaterThan(4);
    expect(await mooring.attach(request)).toEqual(before);
    await mooring.detach(name);
  });

  test('keeps the callers who wait for a host that is away, each in its turn', async ({
    expect,
  }) => {
    const { host, volumeId, name, request } = await attached({ policy: { hostWaitMs: 500 } });
    await host.stopWorker();
    const detach = { ...name, requestId: randomUUID() };

    const waiting = mooring.detach(detach);
    await untilState(fleet, volumeId, 'detaching');
    const behind = mooring.attach({ ...request, requestId: randomUUID() });
    await untilState(fleet, volumeId, 'waiting-for-host');
    // Whoever asks about it meanwhile makes its history longer.
    await eventually(async () => {
      await expect(mooring.plan(name)).rejects.toMatchObject({ type: 'HostUnavailable' });
      expect((await runsOf(volumeId)).length).toBeGreaterThan(2);
    }, PATIENCE);
    await untilState(fleet, volumeId, 'waiting-for-host');
    const joined = mooring.detach(detach);
    await host.startWorker();

    const result = await waiting;
    expect(result).toMatchObject({ state: 'detached', wasAttached: true });
    expect(await joined).toEqual(result);
    expect(await behind).toMatchObject({ state: 'attached' });
    await mooring.detach(name);
    expect((await host.simulated.control.snapshot()).sessions).toEqual([]);
  });

  test('asks a person what it has asked, and writes back nothing meanwhile', async ({ expect }) => {
    const { host, volumeId, name, device, wwid } = await attached();
    const { control } = host.simulated;
    await control.writeThrough(device, 0, new Uint8Array([1]));
    const fault = await control.addFault({
      kind: 'flush-fails',
      wwid: `naa.${wwid.slice(1)}`,
    });
    const detach = mooring.detach({ ...name, mode: 'force' });
    await untilState(fleet, volumeId, 'needs-approval');
    const { question } = await mooring.state(volumeId);
    await control.removeFault(fault);
    // A question alone adds nothing to the history; somebody who asks what would be done does.
    await mooring.plan({ ...name, operation: 'detach' });
    await mooring.plan({ ...name, operation: 'detach' });
    const steps = await stepsOf(volumeId);
    await untilRuns(volumeId, 3);

    expect(question).toContain('lose what is not written back');
    expect(await mooring.state(volumeId)).toMatchObject({ state: 'needs-approval', question });
    expect(await stepsOf(volumeId)).toBe(steps);
    const person = { requestedBy: 'operator', reason: 'the data is elsewhere' };
    expect(await mooring.approve({ ...name, ...person })).toBe(question);
    expect((await detach).warnings).toContain(
      `loss of data approved by ${person.requestedBy}: ${person.reason}`,
    );
  });

  test('tries dead paths for as long as it takes, in histories that stay short', async ({
    expect,
  }) => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { control } = host.simulated;
    const condition = { kind: 'resetting' } as const;
    const fault = await control.addFault({ kind: 'portal', portal: dead, condition });
    const policy = { loginTimeoutMs: 1_000, retryPathsMinMs: 100, retryPathsMaxMs: 100 };
    await mooring.attach(fleet.request(host, volume, { policy }));

    const runs = await untilRuns(volume.volumeId, 5);
    for (const run of runs.slice(1, -1)) {
      const handle = fleet.client.workflow.getHandle(`attachment/${volume.volumeId}`, run);
      expect((await handle.describe()).historyLength).toBeLessThan(2 * EVENTS);
    }
    expect(await mooring.state(volume.volumeId)).toMatchObject({ state: 'degraded' });
    await control.removeFault(fault);
    await untilState(fleet, volume.volumeId, 'attached');
    await mooring.detach({ volumeId: volume.volumeId, hostId: host.hostId });
  });

  test('does not begin the pause before the next try anew', async ({ expect }) => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const condition = { kind: 'resetting' } as const;
    await host.simulated.control.addFault({ kind: 'portal', portal: dead, condition });
    const policy = { loginTimeoutMs: 1_000, retryPathsMinMs: 3_600_000 };
    await mooring.attach(fleet.request(host, volume, { policy }));

    const name = { volumeId: volume.volumeId, hostId: host.hostId };
    await untilRuns(volume.volumeId, 2);
    for (let looks = 0; looks < 3; looks += 1) await mooring.verify(name);
    const last = (await untilRuns(volume.volumeId, 3)).at(-1);
    const handle = fleet.client.workflow.getHandle(`attachment/${volume.volumeId}`, last);
    await eventually(async () => {
      const { events } = await handle.fetchHistory();
      const timers = events?.flatMap(({ timerStartedEventAttributes: timer }) =>
        timer?.startToFireTimeout ? [Number(timer.startToFireTimeout.seconds)] : [],
      );
      expect(timers).toHaveLength(1);
      expect(timers?.[0]).toBeLessThan(3_600);
    }, PATIENCE);
    await mooring.detach(name);
  });

  test('takes its volume off the host when its workflow is cancelled', async ({ expect }) => {
    const { host, volumeId } = await attached();

    await fleet.handle(volumeId).cancel();

    expect(await fleet.handle(volumeId).result()).toEqual({ state: 'detached' });
    expect((await host.simulated.control.snapshot()).sessions).toEqual([]);
  });

  test('brings its volume up again after a reboot', async ({ expect }) => {
    const { host, volumeId, name } = await attached();
    const { bootId } = await mooring.state(volumeId);

    await host.simulated.control.reboot();
    await fleet.announce(host);

    await eventually(async () => {
      const seen = await mooring.state(volumeId);
      expect(seen.state).toBe('attached');
      expect(seen.bootId).not.toBe(bootId);
    }, PATIENCE);
    expect(await mooring.verify(name)).toMatchObject({ holds: true });
    await mooring.detach(name);
  });

  test('is abandoned, and the cleanup carries on as well', async ({ expect }) => {
    const { host, name, device } = await attached();
    const { control } = host.simulated;
    await control.mount(device, '/mnt/data');
    await host.stopWorker();
    const person = { requestedBy: 'operator', reason: 'the host is gone' };
    const { cleanup } = await mooring.abandon({ ...name, ...person, evenIfAlive: 'a test' });
    await host.startWorker();
    const handle = fleet.client.workflow.getHandle(cleanup);
    const { runId } = await handle.describe();

    await eventually(async () => {
      expect((await handle.describe()).runId).not.toBe(runId);
    }, PATIENCE);
    await control.unmount('/mnt/data');

    expect(await handle.result()).toMatchObject({ state: 'cleaned' });
    expect((await control.snapshot()).sessions).toEqual([]);
  });
});
