import type { WorkflowHandle } from '@temporalio/client';
import { ATTACH_VOLUME_WORKFLOW, DETACH_VOLUME_WORKFLOW } from '../../src/contract/names.js';
import { CONTROL_TASK_QUEUE, operationWorkflowId } from '../../src/contract/ids.js';
import { verifyUpdate } from '../../src/workflows/messages.js';
import { eventually } from '../support/eventually.js';
import { FLEET_PORTALS, type Fleet, type FleetHost } from '../support/in-process-fleet.js';
import { untilRecorded, untilState } from '../support/until-state.js';
import { PERSON, type Life } from './closed-lives.js';

const [first = '', , , dead = ''] = FLEET_PORTALS;
/** A step of the look for the host: the watch over a waiting operation has taken it. */
const LOOK_FOR_HOST = '"describeHost"';

/** Lives that are in the midst: what a control worker finds when it is exchanged for a newer one. */
export const OPEN_LIVES: Readonly<Record<string, Life>> = {
  async 'open-attached'(fleet) {
    const { volumeId, host } = await attached(fleet);
    const handle = fleet.handle(volumeId);
    await handle.executeUpdate(verifyUpdate, { args: [{ volumeId, hostId: host.hostId }] });
    return handle;
  },
  async 'open-degraded'(fleet) {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    fleet.array.setPortal({ portal: dead, condition: { kind: 'dropped' } });
    const policy = { loginTimeoutMs: 1_000, retryPathsMinMs: 200, retryPathsMaxMs: 200 };
    await fleet.attach(fleet.request(host, volume, { policy }));
    const handle = fleet.handle(volume.volumeId);
    await untilRecorded(handle, '"ensureSession"', FLEET_PORTALS.length + 2);
    fleet.array.setPortal({ portal: dead, condition: { kind: 'up' } });
    return handle;
  },
  async 'open-waiting-for-host'(fleet) {
    const { volumeId, host } = await attached(fleet);
    await host.stopWorker();
    const leave = ask(fleet, () => fleet.detach(host, volumeId));
    await untilState(fleet, volumeId, 'waiting-for-host');
    await leave();
    return fleet.handle(volumeId);
  },
  async 'open-needs-approval'(fleet) {
    const { volumeId, host, device, wwid } = await attached(fleet);
    await host.simulated.control.writeThrough(device, 0, new Uint8Array([1]));
    await host.simulated.control.addFault({ kind: 'flush-fails', wwid: `naa.${wwid.slice(1)}` });
    const leave = ask(fleet, () => fleet.detach(host, volumeId, 'force'));
    await untilRecorded(fleet.handle(volumeId), LOOK_FOR_HOST, 1);
    await leave();
    return fleet.handle(volumeId);
  },
  async 'open-cleaning-up'(fleet) {
    const host = await fleet.addHost();
    const volume = fleet.addVolume();
    fleet.array.setPortal({ portal: dead, condition: { kind: 'dropped' } });
    const policy = { minPaths: 4, loginTimeoutMs: 4_000 };
    const leave = ask(fleet, () => fleet.attach(fleet.request(host, volume, { policy })));
    await mountWhenThere(fleet, host, volume.volumeId);
    await untilState(fleet, volume.volumeId, 'cleaning-up');
    fleet.array.setPortal({ portal: dead, condition: { kind: 'up' } });
    await leave();
    return fleet.handle(volume.volumeId);
  },
  async 'open-until-the-host-is-back'(fleet) {
    const { volumeId, host } = await attached(fleet);
    await host.stopWorker();
    const { cleanup } = await fleet.abandon(host, volumeId, PERSON);
    return fleet.client.workflow.getHandle(cleanup);
  },
  async cleaned(fleet) {
    const { volumeId, host } = await attached(fleet);
    await host.stopWorker();
    const { cleanup } = await fleet.abandon(host, volumeId, PERSON);
    const handle = fleet.client.workflow.getHandle(cleanup);
    await host.startWorker();
    await handle.result();
    return handle;
  },
  async 'attach-answered'(fleet) {
    const host = await fleet.addHost();
    const request = fleet.request(host, fleet.addVolume());
    return front(fleet, ATTACH_VOLUME_WORKFLOW, operationWorkflowId('attach', 'front'), request);
  },
  async 'detach-answered'(fleet) {
    const { volumeId, host } = await attached(fleet);
    const request = { volumeId, hostId: host.hostId, mode: 'normal' };
    return front(fleet, DETACH_VOLUME_WORKFLOW, operationWorkflowId('detach', 'front'), request);
  },
};

/** On a server that wants short histories: an attachment that had to carry on in another run. */
export const CARRIED_LIVES: Readonly<Record<string, Life>> = {
  async continued(fleet) {
    const { volumeId } = await attached(fleet);
    const handle = fleet.client.workflow.getHandle(
      `attachment/${volumeId}`,
      (await fleet.handle(volumeId).describe()).raw.workflowExecutionInfo?.firstRunId ?? '',
    );
    await untilRecorded(handle, 'workflowExecutionContinuedAsNew', 1);
    return handle;
  },
  async 'open-carried-on'(fleet) {
    const { volumeId, host } = await attached(fleet);
    const handle = fleet.handle(volumeId);
    await untilRecorded(handle, '"continuedExecutionRunId"', 1);
    await handle.executeUpdate(verifyUpdate, { args: [{ volumeId, hostId: host.hostId }] });
    return handle;
  },
};

async function attached(fleet: Fleet): Promise<{
  volumeId: string;
  host: FleetHost;
  device: string;
  wwid: string;
}> {
  const host = await fleet.addHost();
  const { volumeId, lun } = fleet.addVolume();
  const { device, wwid } = await fleet.attach(fleet.request(host, { volumeId, lun }));
  return { volumeId, host, device, wwid };
}

/** Asks for something, and leaves without an answer when the history is long enough. */
function ask(fleet: Fleet, call: () => Promise<unknown>): () => Promise<void> {
  const caller = new AbortController();
  const called = fleet.client.withAbortSignal(caller.signal, call).catch(() => undefined);
  return async () => {
    caller.abort();
    await called;
  };
}

/** Somebody mounts a path's device as soon as it is there: the undo may not remove it. */
async function mountWhenThere(fleet: Fleet, host: FleetHost, volumeId: string): Promise<void> {
  const device = await eventually(async () => {
    const { paths } = await fleet.state(volumeId);
    return present(paths.find(({ portal }) => portal === first)?.device);
  });
  await host.simulated.control.mount(device, '/mnt/somebody');
}

function present(device: string | undefined): string {
  if (device === undefined) throw new Error('not there yet');
  return device;
}

/** A front, once it has answered. */
async function front(
  fleet: Fleet,
  workflow: string,
  workflowId: string,
  request: unknown,
): Promise<WorkflowHandle> {
  const taskQueue = CONTROL_TASK_QUEUE;
  const handle = await fleet.client.workflow.start(workflow, {
    workflowId,
    taskQueue,
    args: [request],
  });
  await handle.result();
  return handle;
}
