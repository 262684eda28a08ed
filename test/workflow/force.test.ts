import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planUpdate, repairUpdate, verifyUpdate } from '../../src/workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { injectedServer } from '../support/injected-server.js';
import { Fleet, FLEET_PORTALS, type FleetHost } from '../support/in-process-fleet.js';

const PATTERN = new TextEncoder().encode('not yet written back');
const WITHIN = { withinMs: 20_000 };
const PERSON = { requestedBy: 'operator', reason: 'array is scrapped' };

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
});
afterAll(async () => {
  await fleet.stop();
});

/** A volume with data that cannot be written back. */
async function dirtyWithFailingFlush(): Promise<{ host: FleetHost; volumeId: string }> {
  const host = await fleet.addHost();
  const volume = fleet.addVolume();
  const { device, wwid } = await fleet.attach(fleet.request(host, volume));
  await host.simulated.control.writeThrough(device, 0, PATTERN);
  await host.simulated.control.addFault({ kind: 'flush-fails', wwid: `naa.${wwid.slice(1)}` });
  return { host, volumeId: volume.volumeId };
}

async function untilAsked(volumeId: string): Promise<void> {
  await eventually(async () => {
    expect(await fleet.state(volumeId)).toMatchObject({ state: 'needs-approval' });
  }, WITHIN);
}

describe('a detach whose write-back fails', () => {
  test('changes nothing without force', async () => {
    const { host, volumeId } = await dirtyWithFailingFlush();
    const before = await host.simulated.control.snapshot();

    await expect(fleet.detach(host, volumeId)).rejects.toMatchObject({
      cause: { type: 'FlushFailed' },
    });

    expect(await host.simulated.control.snapshot()).toEqual(before);
    expect(await fleet.state(volumeId)).toMatchObject({ state: 'attached' });
    await host.simulated.control.clearFaults();
    // The kernel tells of the loss once: from then on the ledger does.
    const { warnings } = await fleet.detach(host, volumeId);
    expect(warnings.join()).toContain('may be lost');
  });

  test('waits with force for a person, who is told what is lost, and then goes on', async () => {
    const { host, volumeId } = await dirtyWithFailingFlush();
    const before = await host.simulated.control.snapshot();
    const detach = fleet.detach(host, volumeId, 'force');
    detach.catch(() => undefined);
    await untilAsked(volumeId);
    const { question } = await fleet.state(volumeId);
    expect(question).toContain('lose what is not written back');
    expect(await host.simulated.control.snapshot()).toEqual(before);

    expect(await fleet.approve(host, volumeId, { ...PERSON, decision: 'approve' })).toBe(question);

    expect((await detach).warnings.join('\n')).toContain('loss of data approved by operator');
    const { maps, sessions, scsiDevices } = await host.simulated.control.snapshot();
    expect({ maps, sessions, scsiDevices }).toEqual({ maps: [], sessions: [], scsiDevices: [] });
    const history = JSON.stringify(await fleet.handle(volumeId).fetchHistory());
    expect(Buffer.from(history).length).toBeGreaterThan(0);
  });

  test('waits for the person and not for the host, when that goes away meanwhile', async () => {
    const { host, volumeId } = await dirtyWithFailingFlush();
    const other = fleet.addVolume();
    await fleet.attach(fleet.request(host, other));
    const detach = fleet.detach(host, volumeId, 'force');
    detach.catch(() => undefined);
    await untilAsked(volumeId);
    await host.stopWorker();

    // This one began later: when it has looked for the host, the first would have as well.
    const later = fleet.detach(host, other.volumeId);
    await eventually(
      async () => {
        expect(await fleet.state(other.volumeId)).toMatchObject({ state: 'waiting-for-host' });
      },
      { withinMs: 60_000 },
    );
    expect(await fleet.state(volumeId)).toMatchObject({ state: 'needs-approval' });

    await fleet.approve(host, volumeId, { ...PERSON, decision: 'approve' });
    await eventually(async () => {
      expect(await fleet.state(volumeId)).toMatchObject({
        state: expect.stringMatching(/detaching|waiting-for-host/),
      });
    }, WITHIN);
    await host.startWorker();
    expect(await detach).toMatchObject({ wasAttached: true });
    await later;
  });

  test('is decided once: who comes second hears who came first', async () => {
    const { host, volumeId } = await dirtyWithFailingFlush();
    const detach = fleet.detach(host, volumeId, 'force');
    detach.catch(() => undefined);
    await untilAsked(volumeId);

    const answers = await Promise.allSettled([
      fleet.approve(host, volumeId, { ...PERSON, decision: 'refuse' }),
      fleet.approve(host, volumeId, { ...PERSON, decision: 'approve' }),
    ]);

    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const isRefused = answers[0].status === 'fulfilled';
    await (isRefused
      ? expect(detach).rejects.toMatchObject({ cause: { type: 'NeedsApproval' } })
      : expect(detach).resolves.toMatchObject({ wasAttached: true }));
    await host.simulated.control.clearFaults();
    if (isRefused) await fleet.detach(host, volumeId);
  });

  test('fails when the person refuses, and nothing was removed', async () => {
    const { host, volumeId } = await dirtyWithFailingFlush();
    const before = await host.simulated.control.snapshot();
    const detach = fleet.detach(host, volumeId, 'force');
    detach.catch(() => undefined);
    await untilAsked(volumeId);

    await fleet.approve(host, volumeId, { ...PERSON, decision: 'refuse' });

    await expect(detach).rejects.toMatchObject({ cause: { type: 'NeedsApproval' } });
    expect(await host.simulated.control.snapshot()).toEqual(before);
    expect(await fleet.state(volumeId)).toMatchObject({ state: 'attached' });
    await host.simulated.control.clearFaults();
    await fleet.detach(host, volumeId);
  });
});

describe('a forced detach', () => {
  test('asks nobody when nothing is lost', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await fleet.attach(fleet.request(host, volume));

    expect(await fleet.detach(host, volume.volumeId, 'force')).toMatchObject({ warnings: [] });
  });

  test('takes a volume off whose array is gone, once a person has approved', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { device } = await fleet.attach(fleet.request(host, volume));
    await host.simulated.control.writeThrough(device, 0, PATTERN);
    for (const portal of FLEET_PORTALS) {
      const condition = { kind: 'dropped' } as const;
      await host.simulated.control.addFault({ kind: 'portal', portal, condition });
    }
    const detach = fleet.detach(host, volume.volumeId, 'force');
    detach.catch(() => undefined);
    await eventually(
      async () => {
        expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'needs-approval' });
      },
      { withinMs: 60_000 },
    );

    await fleet.approve(host, volume.volumeId, { ...PERSON, decision: 'approve' });

    expect(await detach).toMatchObject({ wasAttached: true });
    const { maps, scsiDevices } = await host.simulated.control.snapshot();
    expect({ maps, scsiDevices }).toEqual({ maps: [], scsiDevices: [] });
  });

  test('never removes a volume that somebody uses', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { device } = await fleet.attach(fleet.request(host, volume));
    await host.simulated.control.mount(device, '/mnt/data');

    await expect(fleet.detach(host, volume.volumeId, 'force')).rejects.toMatchObject({
      cause: { type: 'DeviceInUse' },
    });
    await host.simulated.control.unmount('/mnt/data');
    await fleet.detach(host, volume.volumeId);
  });
});

test('an approval nobody asked for is refused', async () => {
  const host = await fleet.addHost();
  const volume = fleet.addVolume();
  await fleet.attach(fleet.request(host, volume));

  const approval = fleet.approve(host, volume.volumeId, { ...PERSON, decision: 'approve' });

  await expect(approval).rejects.toMatchObject({ cause: { type: 'InvalidRequest' } });
  await fleet.detach(host, volume.volumeId);
});

test('a host that answers is not abandoned without a reason', async () => {
  const host = await fleet.addHost();
  const volume = fleet.addVolume();
  await fleet.attach(fleet.request(host, volume));

  await expect(fleet.abandon(host, volume.volumeId, PERSON)).rejects.toMatchObject({
    cause: { type: 'Busy' },
  });
  expect(await fleet.state(volume.volumeId)).toMatchObject({ state: 'attached' });
  await fleet.detach(host, volume.volumeId);
});

describe('a look that changes nothing', () => {
  test('a plan names every step, command and gate of the detach, which then does exactly that', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    await fleet.attach(fleet.request(host, volume));
    const before = await host.simulated.control.snapshot();
    const request = { volumeId, hostId: host.hostId, operation: 'detach', mode: 'normal' } as const;

    const plan = await fleet.handle(volumeId).executeUpdate(planUpdate, { args: [request] });

    expect(plan.possible).toBe(true);
    expect(plan.steps.map(({ would }) => would)).toEqual(Array(14).fill('do'));
    expect(plan.steps[0]?.gates.every(({ passed }) => passed)).toBe(true);
    expect(await host.simulated.control.snapshot()).toEqual(before);
    const runsBefore = (await host.simulated.control.runs()).length;
    await fleet.detach(host, volumeId);
    const runs = (await host.simulated.control.runs()).slice(runsBefore);
    const commands = plan.steps.flatMap(({ command = '' }) =>
      /^(sync|multipath|iscsiadm)/.test(command) ? [command] : [],
    );
    for (const command of commands) expect(runs).toContain(command);
  });

  test('a plan says what would refuse it', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    const { device } = await fleet.attach(fleet.request(host, volume));
    await host.simulated.control.mount(device, '/mnt/data');
    const request = { volumeId, hostId: host.hostId, operation: 'detach', mode: 'normal' } as const;

    const plan = await fleet.handle(volumeId).executeUpdate(planUpdate, { args: [request] });

    expect(plan.possible).toBe(false);
    expect(JSON.stringify(plan.steps)).toContain('/mnt/data');
    await host.simulated.control.unmount('/mnt/data');
    await fleet.detach(host, volumeId);
  });

  test('a verification finds a path that went, and a repair brings it back', async () => {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { volumeId } = volume;
    const { paths } = await fleet.attach(fleet.request(host, volume));
    const args: [{ volumeId: string; hostId: string }] = [{ volumeId, hostId: host.hostId }];
    const verify = () => fleet.handle(volumeId).executeUpdate(verifyUpdate, { args });
    expect(await verify()).toMatchObject({ holds: true, differences: [] });

    const hctl = paths[0]?.hctl ?? '';
    const attribute = `/sys/class/scsi_device/${hctl}/device/delete`;
    await host.simulated.writer.writeAttribute(attribute, '1');
    const seen = await verify();

    expect(seen.holds).toBe(false);
    expect(seen.differences.join()).toContain(hctl);
    const repaired = await fleet.handle(volumeId).executeUpdate(repairUpdate, { args });
    expect(repaired).toMatchObject({ state: 'attached' });
    const { maps } = await host.simulated.control.snapshot();
    expect(maps[0]?.slaves).toHaveLength(4);
    expect(await verify()).toMatchObject({ holds: true });
    await fleet.detach(host, volumeId);
  });
});
