import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StepEvent } from '../../src/client/follow.js';
import type { AttachmentRow, ListFilter } from '../../src/client/list-attachments.js';
import { MooringClient } from '../../src/client/mooring-client.js';
import { OperationError } from '../../src/client/operation-error.js';
import { eventually } from '../support/eventually.js';
import { Fleet, FLEET_PORTALS, type FleetHost } from '../support/in-process-fleet.js';
import { injectedServer } from '../support/injected-server.js';

/** Two cores may be busy with anything. */
const PATIENCE = { withinMs: 20_000 };

let fleet: Fleet;
let mooring: MooringClient;
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
  mooring = new MooringClient(fleet.client);
});
afterAll(async () => {
  await fleet.stop();
});

/** What a call was refused or failed with. */
async function errorOf(call: Promise<unknown>): Promise<OperationError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OperationError);
  return error as OperationError;
}

async function rows(filter: ListFilter): Promise<AttachmentRow[]> {
  const found: AttachmentRow[] = [];
  for await (const row of mooring.list(filter)) found.push(row);
  return found;
}

async function updatesOf(volumeId: string): Promise<number> {
  const steps = await mooring.history(volumeId);
  return steps.filter(({ kind }) => kind === 'update').length;
}

function setPortals(condition: { readonly kind: 'dropped' | 'up' }): void {
  for (const portal of FLEET_PORTALS) fleet.array.setPortal({ portal, condition });
}

/** Every portal is dead while `use` runs. */
async function withoutPortals<Result>(use: () => Promise<Result>): Promise<Result> {
  setPortals({ kind: 'dropped' });
  try {
    return await use();
  } finally {
    setPortals({ kind: 'up' });
  }
}

function nameOf(
  host: FleetHost,
  { volumeId }: { volumeId: string },
): {
  volumeId: string;
  hostId: string;
} {
  return { volumeId, hostId: host.hostId };
}

describe('an attach', () => {
  test('with the request id of before is answered without being repeated', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const request = { ...fleet.request(host, volume), requestId: randomUUID() };

    const first = await mooring.attach(request);
    const second = await mooring.attach(request);

    expect(second).toEqual(first);
    expect(await updatesOf(volume.volumeId)).toBe(1);
    await mooring.detach(nameOf(host, volume));
  });

  test('asked ten times at once is one attach, with one answer', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const request = { ...fleet.request(host, volume), requestId: randomUUID() };

    const answers = await Promise.all(Array.from({ length: 10 }, () => mooring.attach(request)));

    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await updatesOf(volume.volumeId)).toBe(1);
    await mooring.detach(nameOf(host, volume));
  });

  test('after a detach is never answered from the past, also with the old request id', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const name = nameOf(host, volume);
    const request = { ...fleet.request(host, volume), requestId: randomUUID() };
    await mooring.attach(request);
    await mooring.detach(name);
    const empty = await host.simulated.control.snapshot();

    const operation = await mooring.startAttach(request);
    await operation.result();

    expect(operation.updateId).toMatch(new RegExp(`^${request.requestId}~[0-9a-f]{12}$`));
    expect(await host.simulated.control.snapshot()).not.toEqual(empty);
    expect(await mooring.state(volume.volumeId)).toMatchObject({ state: 'attached' });

    // The caller lost that answer: the same intent, so the same update and not a second one.
    const repeated = await mooring.startAttach(request);
    expect(repeated.updateId).toBe(operation.updateId);
    expect(await repeated.result()).toMatchObject({ state: 'attached' });
    for (let round = 0; round < 3; round += 1) {
      await mooring.detach(name);
      expect(await host.simulated.control.snapshot()).toEqual(empty);
      await mooring.attach(request);
      expect(await mooring.state(volume.volumeId)).toMatchObject({ state: 'attached' });
    }
    await mooring.detach(name);
  });

  test('whose run closes between the look and the sending is sent again', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const request = { ...fleet.request(host, volume), requestId: randomUUID() };
    await mooring.attach(request);
    let detaches = 0;
    const { connection, options } = fleet.client;
    const racing = new Client({
      connection,
      namespace: options.namespace,
      interceptors: {
        workflow: [
          {
            // The look has found the run open; the old answer to this very request is in it.
            async startUpdateWithStart(input, next) {
              detaches += 1;
              if (detaches === 1) await mooring.detach(nameOf(host, volume));
              return next(input);
            },
          },
        ],
      },
    });

    const { device } = await new MooringClient(racing).attach(request);

    expect(detaches).toBe(2);
    expect(await mooring.state(volume.volumeId)).toMatchObject({ state: 'attached', device });
    await mooring.detach(nameOf(host, volume));
  });

  test('that races with a detach is answered of the present', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const name = nameOf(host, volume);
    const request = { ...fleet.request(host, volume), requestId: randomUUID() };
    await mooring.attach(request);
    for (let round = 0; round < 8; round += 1) {
      const detach = mooring.detach(name);
      // From before the detach has begun to after its run has closed.
      await new Promise((resolve) => setTimeout(resolve, round * 60));
      const attach = mooring.attach(request);
      await detach;
      const { device } = await attach;

      const view = await mooring.state(volume.volumeId);
      // Either it was answered before the detach, or its device is there now.
      if (view.state === 'detached') await mooring.attach({ ...request, requestId: randomUUID() });
      else expect(view).toMatchObject({ state: 'attached', device });
    }
    await mooring.detach(name);
  });

  test('that failed says why, and the same request may be sent again', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const request = {
      ...fleet.request(host, volume, { policy: { deviceWaitMs: 500 } }),
      requestId: randomUUID(),
    };
    fleet.array.unmapLun({ iqn: 'iqn.2026-11.io.example:array1', lun: volume.lun });

    const error = await errorOf(mooring.attach(request));

    expect(error).toMatchObject({
      type: 'LunNotFound',
      workflowId: `attachment/${volume.volumeId}`,
      facts: { undoFinished: true },
    });
    const target = { iqn: 'iqn.2026-11.io.example:array1', lun: volume.lun };
    fleet.array.mapLun({ ...target, volume: volume.name });
    expect(await mooring.attach(request)).toMatchObject({ state: 'attached' });
    await mooring.detach(nameOf(host, volume));
  });

  test('that is malformed is refused before anything is sent', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const connection = { paths: [{ portal: '10.0.0.1', iqn: 'iqn', lun: 1 }] };

    const error = await errorOf(mooring.attach({ ...fleet.request(host, volume), connection }));

    expect(error).toMatchObject({ type: 'InvalidRequest' });
    expect(error.message).toContain('connection.paths[0].portal');
    expect(await errorOf(mooring.find({ volumeId: volume.volumeId }))).toMatchObject({
      type: 'NotFound',
    });
  });

  test('to another host than the volume is on names that host', async () => {
    const [first, second] = [await fleet.addHost(), await fleet.addHost()];
    const volume = fleet.addVolume();
    await mooring.attach(fleet.request(first, volume));

    const attach = await errorOf(mooring.attach(fleet.request(second, volume)));
    const detach = await errorOf(mooring.detach(nameOf(second, volume)));

    expect(attach).toMatchObject({ type: 'AttachedElsewhere', facts: { hostId: first.hostId } });
    expect(detach).toMatchObject({ type: 'AttachedElsewhere', facts: { hostId: first.hostId } });
    await mooring.detach(nameOf(first, volume));
  });

  test('whose caller stops waiting goes on', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const leave = new AbortController();
    const [late, left] = await withoutPortals(async () => {
      const request = fleet.request(host, volume, { policy: { loginTimeoutMs: 30_000 } });
      const operation = await mooring.startAttach(request, { timeoutMs: 500 });
      const { requestId } = operation;
      const again = mooring.attach({ ...request, requestId }, { signal: leave.signal });
      const both = Promise.all([errorOf(operation.result()), errorOf(again)]);
      setTimeout(() => {
        leave.abort();
      }, 700);
      return both;
    });

    expect(late).toMatchObject({ type: 'StillRunning' });
    expect(left).toMatchObject({ type: 'StillRunning' });
    await eventually(
      async () => {
        expect(await mooring.state(volume.volumeId)).toMatchObject({ state: 'attached' });
      },
      { withinMs: 20_000 },
    );
    await mooring.detach(nameOf(host, volume));
  });
});

describe('an attachment that an operator ended by force', () => {
  test('leaves nobody with a success, and begins nothing anew', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    const [attach, detach] = await withoutPortals(async () => {
      const request = fleet.request(host, volume, { policy: { loginTimeoutMs: 30_000 } });
      const attaching = await mooring.startAttach(request);
      const detaching = await mooring.startDetach(nameOf(host, volume));
      if ('nothing' in detaching) throw new Error('It is attached');
      const both = Promise.all([errorOf(attaching.result()), errorOf(detaching.result())]);
      await fleet.handle(volumeId).terminate('by hand');
      return both;
    });

    expect(attach).toMatchObject({ type: 'CleanupIncomplete' });
    expect(detach).toMatchObject({ type: 'CleanupIncomplete' });
    expect((await mooring.find({ volumeId })).isOpen).toBe(false);
    const later = await mooring.detach(nameOf(host, volume));
    expect(later).toMatchObject({ wasAttached: false });
    expect(later.warnings).toMatchObject([expect.stringContaining('ended by force')]);
  });
});

describe('a detach', () => {
  test('of what was never attached is a success that says so', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    expect(await mooring.detach(nameOf(host, volume))).toEqual({
      ...nameOf(host, volume),
      state: 'detached',
      wasAttached: false,
      removed: [],
      kept: [],
      warnings: [],
    });
  });

  test('repeated gives the same answer; a new one finds nothing', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const request = { ...nameOf(host, volume), requestId: randomUUID() };
    await mooring.attach(fleet.request(host, volume));

    const first = await mooring.detach(request);

    expect(first).toMatchObject({ wasAttached: true });
    expect(await mooring.detach(request)).toEqual(first);
    expect(await mooring.detach(nameOf(host, volume))).toMatchObject({ wasAttached: false });
  });

  test('with the request id of its attach detaches all the same', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const before = await host.simulated.control.snapshot();
    const requestId = randomUUID();
    await mooring.attach({ ...fleet.request(host, volume), requestId });

    const result = await mooring.detach({ ...nameOf(host, volume), requestId });

    expect(result).toMatchObject({ state: 'detached', wasAttached: true });
    expect(await host.simulated.control.snapshot()).toEqual(before);
  });

  test('asked several times at once is answered to everybody', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await mooring.attach(fleet.request(host, volume));

    const answers = await Promise.all(
      Array.from({ length: 5 }, () => mooring.detach(nameOf(host, volume))),
    );

    expect(answers.filter(({ wasAttached }) => wasAttached)).toHaveLength(1);
  });
});

describe('a volume shared by two hosts', () => {
  test('is named by volume and host, and detached from one at a time', async () => {
    const [first, second] = [await fleet.addHost(), await fleet.addHost()];
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    for (const host of [first, second]) {
      await mooring.attach(fleet.request(host, volume, { access: 'shared' }));
    }
    await eventually(async () => {
      expect(await rows({ volumeId })).toHaveLength(2);
    }, PATIENCE);

    const ambiguous = await errorOf(mooring.state(volumeId));
    expect(ambiguous).toMatchObject({ type: 'InvalidRequest' });
    expect(ambiguous.message).toContain(first.hostId);
    expect(await mooring.state(volumeId, second.hostId)).toMatchObject({
      hostId: second.hostId,
      access: 'shared',
    });

    expect(await mooring.detach(nameOf(first, volume))).toMatchObject({ wasAttached: true });
    expect(await mooring.state(volumeId, second.hostId)).toMatchObject({ state: 'attached' });
    expect(await mooring.detach(nameOf(second, volume))).toMatchObject({ wasAttached: true });
  });
});

describe('the inventory', () => {
  test('lists open attachments with their paths, closed ones only when asked', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { hostId } = host;
    await mooring.attach(fleet.request(host, volume));

    await eventually(async () => {
      expect(await rows({ hostId })).toMatchObject([
        {
          ...nameOf(host, volume),
          access: 'exclusive',
          state: 'attached',
          wwid: volume.wwid,
          pathsExpected: 4,
          pathsPresent: 4,
        },
      ]);
    }, PATIENCE);
    expect(await rows({ hostId, state: 'degraded' })).toEqual([]);

    await mooring.detach(nameOf(host, volume));
    await eventually(async () => {
      expect(await rows({ hostId })).toEqual([]);
      expect(await rows({ hostId, all: true })).toMatchObject([{ state: 'detached' }]);
    }, PATIENCE);
  });
});

describe('a history', () => {
  test('says who asked and why, also of an earlier run', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    const { runId } = await mooring.startAttach({
      ...fleet.request(host, volume),
      requestedBy: 'orders-team',
      reason: 'CHG-1234',
    });
    await mooring.detach({ ...nameOf(host, volume), requestedBy: 'night shift' });
    await mooring.attach(fleet.request(host, volume));

    const earlier = await mooring.history(volumeId, { runId });

    const updates = earlier.filter(({ kind }) => kind === 'update');
    expect(updates).toMatchObject([
      { step: 'attach', requestedBy: 'orders-team', reason: 'CHG-1234' },
      { step: 'detach', requestedBy: 'night shift' },
    ]);
    expect(await updatesOf(volumeId)).toBe(1);
    await mooring.detach(nameOf(host, volume));
  });

  test('shows a step that is under way, and that nobody has taken it', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await mooring.attach(fleet.request(host, volume));
    await host.stopWorker();

    const detach = mooring.detach(nameOf(host, volume));
    await eventually(async () => {
      const open = (await mooring.history(volume.volumeId)).filter(
        ({ endedAt, kind }) => kind === 'activity' && endedAt === undefined,
      );
      expect(open).toMatchObject([{ host: host.hostId, outcome: 'waiting' }]);
    }, PATIENCE);

    await host.startWorker();
    expect(await detach).toMatchObject({ wasAttached: true });
  });

  test('of a volume nobody knows is not found, of a malformed name refused', async () => {
    expect(await errorOf(mooring.history('vol-unknown'))).toMatchObject({ type: 'NotFound' });
    expect(await errorOf(mooring.state('a/b'))).toMatchObject({ type: 'InvalidRequest' });
  });
});

describe('following', () => {
  test('an operation tells each step as it begins and ends, and ends with it', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const operation = await mooring.startAttach(fleet.request(host, volume));
    const events: StepEvent[] = [];
    for await (const event of mooring.follow(operation)) events.push(event);

    const logins = events.filter(({ step }) => step.step === 'ensureSession');
    expect(logins.filter(({ change }) => change === 'began')).toHaveLength(4);
    expect(logins.filter(({ change }) => change === 'ended')).toHaveLength(4);
    expect(events.at(-1)).toMatchObject({ change: 'ended', step: { kind: 'update' } });
    await mooring.detach(nameOf(host, volume));
  });

  test('a later operation leaves out what was before it', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await mooring.attach(fleet.request(host, volume));
    const operation = await mooring.startDetach(nameOf(host, volume));
    if ('nothing' in operation) throw new Error('It is attached');
    const steps = new Set<string>();
    for await (const { step } of mooring.follow(operation)) steps.add(step.step);

    expect(steps).toContain('flushDevice');
    expect(steps).not.toContain('ensureSession');
  });

  test('an attachment lasts until its run closes', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await mooring.attach(fleet.request(host, volume));
    let last: StepEvent | undefined;
    const followed = (async () => {
      for await (const event of mooring.follow({ volumeId: volume.volumeId })) last = event;
    })();
    await mooring.detach(nameOf(host, volume));
    await followed;
    expect(last).toMatchObject({ step: { kind: 'run', step: 'closed' } });
  });

  test('can be given up', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await mooring.attach(fleet.request(host, volume));
    const leave = new AbortController();
    const followed = (async () => {
      const events = mooring.follow({ volumeId: volume.volumeId }, { signal: leave.signal });
      for await (const { step } of events) if (step.step === 'attached') leave.abort();
    })();
    expect(await errorOf(followed)).toMatchObject({ type: 'StillRunning' });
    await mooring.detach(nameOf(host, volume));
  });
});
