/**
 * A fleet's server and control worker are stopped and started while many volumes are attached:
 * `npm run restart -- [ATTACHMENTS]`, 1,000 by default. Prints figures; ends with 1 when anything is
 * lost, wrong or stuck.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { MooringClient } from '../../src/client/mooring-client.js';
import { startDevServer } from '../../src/demo/dev-server.js';
import { freePort } from '../../src/demo/free-port.js';
import { bundleWorkflows } from '../../src/worker/workflow-code.js';
import { Fleet, type FleetHost } from '../support/in-process-fleet.js';
import { eachOf } from './each-of.js';
import { Report } from './report.js';

const ATTACHMENTS = Number(process.argv[2] ?? 1_000);
const HOSTS = 20;
/** Of the attachments, after the restart: verified, detached, attached anew. */
const SAMPLE = Math.min(50, Math.floor(ATTACHMENTS / 2));
const CALLERS = 16;

interface Member {
  readonly host: FleetHost;
  readonly volume: ReturnType<Fleet['addVolume']>;
  readonly name: { readonly volumeId: string; readonly hostId: string };
}

const directory = await mkdtemp(join(tmpdir(), 'mooring-restart-'));
const serverOptions = {
  headless: true,
  port: await freePort(),
  databaseFile: join(directory, 'temporal.db'),
  logFile: join(directory, 'server.log'),
};
const report = new Report();
let server = await startDevServer(serverOptions);
try {
  const workflowBundle = await buildWorkflows();
  const fleet = await Fleet.start({ temporalAddress: server.address, workflowBundle });
  const mooring = new MooringClient(fleet.client);
  const members = await addMembers(fleet);

  await report.timed(`attach ${members.length} volumes to ${HOSTS} hosts`, () =>
    eachOf(members, CALLERS, ({ host, volume }) => mooring.attach(fleet.request(host, volume))),
  );
  await report.timed('stop the control worker and the server', async () => {
    await fleet.stopControlWorker();
    await server.stop();
  });
  await report.timed('start the server and a control worker', async () => {
    server = await startDevServer(serverOptions);
    await fleet.startControlWorker(workflowBundle);
  });

  await report.timed('list them', async () => {
    report.expect('attached in the list', await countAttached(mooring), members.length);
  });
  await report.timed('look at each', async () => {
    const open = await eachOf(
      members,
      CALLERS,
      async ({ name }) => (await mooring.find(name)).isOpen,
    );
    report.expect('open', open.filter(Boolean).length, members.length);
  });
  const sample = members.filter((_, index) => index % Math.floor(members.length / SAMPLE) === 0);
  await report.timed(`verify ${sample.length}`, async () => {
    const answers = await eachOf(sample, CALLERS, ({ name }) => mooring.verify(name));
    report.expect('verified', answers.filter(({ holds }) => holds).length, sample.length);
  });
  await report.timed(`detach ${sample.length}`, async () => {
    const answers = await eachOf(sample, CALLERS, ({ name }) => mooring.detach(name));
    const removed = answers.filter(({ wasAttached }) => wasAttached).length;
    report.expect('detached', removed, sample.length);
  });
  await report.timed('look at the hosts', async () => {
    report.expect('maps left', await countMaps(members), members.length - sample.length);
  });
  await report.timed(`attach ${sample.length} anew`, async () => {
    const answers = await eachOf(sample, CALLERS, ({ host, volume }) =>
      mooring.attach(fleet.request(host, volume)),
    );
    const attached = answers.filter(({ state }) => state === 'attached').length;
    report.expect('attached anew', attached, sample.length);
  });
  await fleet.stop();
} finally {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
process.stdout.write(`${report.verdict}\n`);
process.exitCode = report.isGood ? 0 : 1;

async function buildWorkflows(): Promise<string> {
  const path = join(directory, 'workflows.cjs');
  await writeFile(path, await bundleWorkflows());
  return path;
}

/** As many volumes on each host as on every other. */
async function addMembers(fleet: Fleet): Promise<Member[]> {
  const hosts = await Promise.all(Array.from({ length: HOSTS }, () => fleet.addHost()));
  return Array.from({ length: Math.ceil(ATTACHMENTS / HOSTS) }, () => hosts)
    .flat()
    .slice(0, ATTACHMENTS)
    .map((host) => {
      const volume = fleet.addVolume();
      return { host, volume, name: { volumeId: volume.volumeId, hostId: host.hostId } };
    });
}

async function countAttached(mooring: MooringClient): Promise<number> {
  let count = 0;
  for await (const { state } of mooring.list()) if (state === 'attached') count += 1;
  return count;
}

async function countMaps(members: readonly Member[]): Promise<number> {
  const hosts = [...new Set(members.map(({ host }) => host))];
  const snapshots = await Promise.all(hosts.map((host) => host.simulated.control.snapshot()));
  return snapshots.reduce((count, { maps }) => count + maps.length, 0);
}
