/**
 * Records the histories that `replay.test.ts` replays: `npm run record-histories`.
 * Recorded by today's workflows on a real server; run it when a release changes what they do, and
 * keep the old files beside the new ones.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { startDevServer } from '../../src/demo/dev-server.js';
import { eventually } from '../support/eventually.js';
import { repairUpdate, verifyUpdate } from '../../src/workflows/messages.js';
import { Fleet, FLEET_IQN, FLEET_PORTALS } from '../support/in-process-fleet.js';

const PERSON = { requestedBy: 'operator', reason: 'recorded' };

/** Version of what histories look like; part of the file names. */
const CONTRACT = 'v1';

const directory = fileURLToPath(new URL('./histories/', import.meta.url));
const temporary = await mkdtemp(join(tmpdir(), 'mooring-record-'));
const server = await startDevServer({ headless: true, logFile: join(temporary, 'server.log') });
try {
  await mkdir(directory, { recursive: true });
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
  const workflowBundle = join(temporary, 'workflows.cjs');
  await writeFile(workflowBundle, code);
  const fleet = await Fleet.start({ temporalAddress: server.address, workflowBundle });
  try {
    for (const [scenario, play] of Object.entries(scenarios())) {
      const volumeId = await play(fleet);
      const history = historyToJSON(await fleet.handle(volumeId).fetchHistory());
      const file = join(directory, `attachment.${scenario}.${CONTRACT}.json`);
      await writeFile(file, withoutTraces(history));
      process.stdout.write(`recorded ${scenario}\n`);
    }
  } finally {
    await fleet.stop();
  }
} finally {
  await server.stop();
  await rm(temporary, { recursive: true, force: true });
}

/** Stack traces name files of the machine that recorded, and replay does not look at them. */
function withoutTraces(history: string): string {
  return history.replaceAll(/"stackTrace":\s*"(?:[^"\\]|\\.)*"/g, '"stackTrace": ""');
}

/** Lives of an attachment; each plays one and says whose it was. */
function scenarios(): Record<string, (fleet: Fleet) => Promise<string>> {
  const [, , , dead = ''] = FLEET_PORTALS;
  return {
    async 'attach-and-detach'(fleet) {
      const host = await fleet.addHost();
      const volume = fleet.addVolume();
      await fleet.attach(fleet.request(host, volume));
      await fleet.detach(host, volume.volumeId);
      return volume.volumeId;
    },
    async 'dead-portal-comes-back'(fleet) {
      const host = await fleet.addHost();
      const volume = fleet.addVolume();
      fleet.array.setPortal({ portal: dead, condition: { kind: 'dropped' } });
      const policy = { loginTimeoutMs: 1_000, retryPathsMinMs: 200, retryPathsMaxMs: 200 };
      await fleet.attach(fleet.request(host, volume, { policy }));
      fleet.array.setPortal({ portal: dead, condition: { kind: 'up' } });
      await eventually(async () => {
        const { state } = await fleet.state(volume.volumeId);
        if (state !== 'attached') throw new Error(`still ${state}`);
      });
      await fleet.detach(host, volume.volumeId);
      return volume.volumeId;
    },
    async 'absent-lun-undone'(fleet) {
      const host = await fleet.addHost();
      const volume = { ...fleet.addVolume(), lun: 999 };
      const request = fleet.request(host, volume, { policy: { deviceWaitMs: 500 } });
      await fleet.attach(request).catch(() => undefined);
      return volume.volumeId;
    },
    async 'detach-ends-attach'(fleet) {
      const host = await fleet.addHost();
      const volume = fleet.addVolume();
      fleet.array.setPortal({ portal: dead, condition: { kind: 'dropped' } });
      const policy = { minPaths: 4, loginTimeoutMs: 10_000 };
      const attach = fleet.attach(fleet.request(host, volume, { policy })).catch(() => undefined);
      await eventually(async () => {
        const { state } = await fleet.state(volume.volumeId);
        if (state !== 'attaching') throw new Error(`already ${state}`);
      });
      await fleet.detach(host, volume.volumeId);
      await attach;
      fleet.array.setPortal({ portal: dead, condition: { kind: 'up' } });
      return volume.volumeId;
    },
    async 'detach-waits-for-host'(fleet) {
      const host = await fleet.addHost();
      const volume = fleet.addVolume();
      await fleet.attach(fleet.request(host, volume));
      await host.stopWorker();
      const detach = fleet.detach(host, volume.volumeId);
      await eventually(
        async () => {
          const { state } = await fleet.state(volume.volumeId);
          if (state !== 'waiting-for-host') throw new Error(`still ${state}`);
        },
        { withinMs: 20_000 },
      );
      await host.startWorker();
      await detach;
      return volume.volumeId;
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
      return volume.volumeId;
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
      return volume.volumeId;
    },
    async 'forced-with-approval'(fleet) {
      const host = await fleet.addHost();
      const volume = fleet.addVolume();
      const { device, wwid } = await fleet.attach(fleet.request(host, volume));
      await host.simulated.control.writeThrough(device, 0, new Uint8Array([1]));
      await host.simulated.control.addFault({ kind: 'flush-fails', wwid: `naa.${wwid.slice(1)}` });
      const detach = fleet.detach(host, volume.volumeId, 'force');
      await eventually(
        async () => {
          const { state } = await fleet.state(volume.volumeId);
          if (state !== 'needs-approval') throw new Error(`still ${state}`);
        },
        { withinMs: 20_000 },
      );
      await fleet.approve(host, volume.volumeId, { ...PERSON, decision: 'approve' });
      await detach;
      return volume.volumeId;
    },
    async abandoned(fleet) {
      const host = await fleet.addHost();
      const volume = fleet.addVolume();
      await fleet.attach(fleet.request(host, volume));
      await host.stopWorker();
      const { cleanup } = await fleet.abandon(host, volume.volumeId, PERSON);
      await host.startWorker();
      await fleet.client.workflow.getHandle(cleanup).result();
      return volume.volumeId;
    },
    async 'host-never-answers'(fleet) {
      const host = fleet.addHostWithoutWorker();
      const volume = fleet.addVolume();
      const request = fleet.request(host, volume, { policy: { hostWaitMs: 500 } });
      await fleet.attach(request).catch(() => undefined);
      return volume.volumeId;
    },
  };
}
