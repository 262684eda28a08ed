import type { WorkflowHandle } from '@temporalio/client';
import { repairUpdate, verifyUpdate } from '../../src/workflows/messages.js';
import { FLEET_IQN, FLEET_PORTALS, type Fleet } from '../support/in-process-fleet.js';
import { eventually } from '../support/eventually.js';
import { untilState } from '../support/until-state.js';

/** Plays one life of a workflow, and says whose history is to be kept. */
export type Life = (fleet: Fleet) => Promise<WorkflowHandle>;

const [, , , dead = ''] = FLEET_PORTALS;
export const PERSON = { requestedBy: 'operator', reason: 'recorded' };

async function attachAndDetach(fleet: Fleet): Promise<WorkflowHandle> {
  const host = await fleet.addHost();
  const volume = fleet.addVolume();
  await fleet.attach(fleet.request(host, volume));
  await fleet.detach(host, volume.volumeId);
  return fleet.handle(volume.volumeId);
}

async function detachEndsAttach(fleet: Fleet): Promise<WorkflowHandle> {
  const host = await fleet.addHost();
  const volume = fleet.addVolume();
  fleet.array.setPortal({ portal: dead, condition: { kind: 'dropped' } });
  const policy = { minPaths: 4, loginTimeoutMs: 10_000 };
  const attach = fleet.attach(fleet.request(host, volume, { policy })).catch(() => undefined);
  await untilState(fleet, volume.volumeId, 'attaching');
  await fleet.detach(host, volume.volumeId);
  await attach;
  fleet.array.setPortal({ portal: dead, condition: { kind: 'up' } });
  return fleet.handle(volume.volumeId);
}

/** Lives of an attachment from its attach to its end. */
export const CLOSED_LIVES: Readonly<Record<string, Life>> = {
  'attach-and-detach': attachAndDetach,
  // Before it, a step of its own looked at the volume.
  'flush-looks-first': attachAndDetach,
  async 'dead-portal-comes-back'(fleet) {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    fleet.array.setPortal({ portal: dead, condition: { kind: 'dropped' } });
    const policy = { loginTimeoutMs: 1_000, retryPathsMinMs: 200, retryPathsMaxMs: 200 };
    await fleet.attach(fleet.request(host, volume, { policy }));
    fleet.array.setPortal({ portal: dead, condition: { kind: 'up' } });
    await untilState(fleet, volume.volumeId, 'attached');
    await fleet.detach(host, volume.volumeId);
    return fleet.handle(volume.volumeId);
  },
  async 'absent-lun-undone'(fleet) {
    const host = await fleet.addHost();
    const volume = { ...fleet.addVolume(), lun: 999 };
    const request = fleet.request(host, volume, { policy: { deviceWaitMs: 500 } });
    await fleet.attach(request).catch(() => undefined);
    return fleet.handle(volume.volumeId);
  },
  'detach-ends-attach': detachEndsAttach,
  // Before it, an update came before what had happened before it.
  'events-first': detachEndsAttach,
  async 'detach-waits-for-host'(fleet) {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await fleet.attach(fleet.request(host, volume));
    await host.stopWorker();
    const detach = fleet.detach(host, volume.volumeId);
    await untilState(fleet, volume.volumeId, 'waiting-for-host');
    await host.startWorker();
    await detach;
    return fleet.handle(volume.volumeId);
  },
  async 'discovered-and-repaired'(fleet) {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const [portal = ''] = FLEET_PORTALS;
    const connection = { discovery: { portal, iqn: FLEET_IQN, lun: volume.lun } };
    const { paths } = await fleet.attach(fleet.request(host, volume, { connection }));
    const attribute = `/sys/class/scsi_device/${paths[0]?.hctl ?? ''}/device/delete`;
    await host.simulated.writer.writeAttribute(attribute, '1');
    const request = { volumeId: volume.volumeId, hostId: host.hostId };
    await fleet.handle(volume.volumeId).executeUpdate(verifyUpdate, { args: [request] });
    await fleet.handle(volume.volumeId).executeUpdate(repairUpdate, { args: [request] });
    await fleet.detach(host, volume.volumeId);
    return fleet.handle(volume.volumeId);
  },
  async 'back-after-a-reboot'(fleet) {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { bootId } = await fleet.attach(fleet.request(host, volume));
    await host.simulated.control.reboot();
    await fleet.announce(host);
    await eventually(
      async () => {
        const seen = await fleet.state(volume.volumeId);
        if (seen.state !== 'attached' || seen.bootId === bootId) throw new Error(seen.state);
      },
      { withinMs: 20_000 },
    );
    await fleet.detach(host, volume.volumeId);
    return fleet.handle(volume.volumeId);
  },
  async 'forced-with-approval'(fleet) {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    const { device, wwid } = await fleet.attach(fleet.request(host, volume));
    await host.simulated.control.writeThrough(device, 0, new Uint8Array([1]));
    await host.simulated.control.addFault({ kind: 'flush-fails', wwid: `naa.${wwid.slice(1)}` });
    const detach = fleet.detach(host, volume.volumeId, 'force');
    await untilState(fleet, volume.volumeId, 'needs-approval');
    await fleet.approve(host, volume.volumeId, { ...PERSON, decision: 'approve' });
    await detach;
    return fleet.handle(volume.volumeId);
  },
  async abandoned(fleet) {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    await fleet.attach(fleet.request(host, volume));
    await host.stopWorker();
    const { cleanup } = await fleet.abandon(host, volume.volumeId, PERSON);
    await host.startWorker();
    await fleet.client.workflow.getHandle(cleanup).result();
    return fleet.handle(volume.volumeId);
  },
  async 'host-never-answers'(fleet) {
    const host = fleet.addHostWithoutWorker();
    const volume = fleet.addVolume();
    const request = fleet.request(host, volume, { policy: { hostWaitMs: 500 } });
    await fleet.attach(request).catch(() => undefined);
    return fleet.handle(volume.volumeId);
  },
};
