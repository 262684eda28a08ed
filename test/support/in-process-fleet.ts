import { randomUUID } from 'node:crypto';
import {
  Client,
  Connection,
  WithStartWorkflowOperation,
  type WorkflowHandle,
} from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createControlActivities } from '../../src/activities/control-activities.js';
import { createHostActivities } from '../../src/activities/host-activities.js';
import { announceBoot } from '../../src/worker/announce-boot.js';
import { MooringClient } from '../../src/client/mooring-client.js';
import { createLogger } from '../../src/worker/logging.js';
import { createTemporalLedger } from '../../src/worker/temporal-ledger.js';
import { attachmentWorkflowId, CONTROL_TASK_QUEUE, hostTaskQueue } from '../../src/contract/ids.js';
import { ATTACHMENT_WORKFLOW } from '../../src/contract/names.js';
import { withAttachDefaults } from '../../src/contract/request-defaults.js';
import type { AttachRequestInput } from '../../src/model/attach-request.js';
import type { AttachResult, DetachResult } from '../../src/model/attach-result.js';
import type { AttachmentView } from '../../src/model/attachment.js';
import type { DetachRequestInput } from '../../src/model/detach-request.js';
import type { AbandonRequest, Approval } from '../../src/model/operations.js';
import type { AbandonResult } from '../../src/model/plan.js';
import type { PortalNetwork } from '../../src/host/portal-network.js';
import { createVerbs } from '../../src/privileged/create-verbs.js';
import type { SecretStore } from '../../src/privileged/secrets.js';
import { createSimulatedHost, type SimulatedHost } from '../../src/simulator/simulated-host.js';
import { StorageArray } from '../../src/simulator/storage-array.js';
import {
  abandonUpdate,
  approveUpdate,
  attachUpdate,
  detachUpdate,
  stateQuery,
} from '../../src/workflows/messages.js';

export const FLEET_IQN = 'iqn.2026-11.io.example:array1';
export const FLEET_PORTALS = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map(
  (address) => `${address}:3260`,
);

/** The host's own durations pass ten times as fast, so that a test waits for nothing but order. */
const TIME_SCALE = 0.1;
/** Recorded histories are committed: they must not name the machine they were made on. */
const IDENTITY = 'mooring-test';
export const VOLUME_BYTES = 67_108_864;

/** One simulated host with its worker, in this process. */
export class FleetHost {
  readonly hostId: string;
  readonly simulated: SimulatedHost;
  private running: { worker: Worker; done: Promise<void> } | undefined;
  private readonly connection: NativeConnection;

  constructor(connection: NativeConnection, array: StorageArray) {
    this.connection = connection;
    this.hostId = `host-${randomUUID()}`;
    this.simulated = createSimulatedHost({ hostId: this.hostId, array, timeScale: TIME_SCALE });
  }

  /** Starts the host's worker; work that waited for it begins. */
  async startWorker(seams: Partial<WorkerSeams> = {}): Promise<void> {
    const { runner, files, writer } = this.simulated;
    const { secrets = NO_SECRETS, network = this.simulated.network } = seams;
    const verbs = createVerbs({ runner, files, writer, secrets });
    const { hostId } = this;
    const worker = await Worker.create({
      connection: this.connection,
      taskQueue: hostTaskQueue(hostId),
      activities: createHostActivities({ hostId, files, runFiles: writer, network, verbs }),
      identity: IDENTITY,
      maxHeartbeatThrottleInterval: 500,
      shutdownGraceTime: 0,
    });
    this.running = { worker, done: worker.run() };
  }

  async stopWorker(): Promise<void> {
    this.running?.worker.shutdown();
    await this.running?.done;
    this.running = undefined;
  }
}

/** What a test may put in the place of the simulated host's own. */
interface WorkerSeams {
  readonly secrets: SecretStore;
  readonly network: PortalNetwork;
}

const NO_SECRETS: SecretStore = {
  resolve: () => Promise.reject(new Error('this test has no secrets')),
};

/** Where a fleet's server is, and the workflows its control worker runs. */
export interface FleetServer {
  readonly temporalAddress: string;
  /** Path of the bundle. */
  readonly workflowBundle: string;
}

/** A control worker, an array and as many simulated hosts as a test wants, on the real server. */
export class Fleet {
  readonly array = new StorageArray();
  readonly client: Client;
  private readonly native: NativeConnection;
  private readonly hosts: FleetHost[] = [];
  private readonly createControl: (workflowBundle: string) => Promise<Worker>;
  private control: { worker: Worker; done: Promise<void> } | undefined;
  private luns = 0;

  private constructor(
    client: Client,
    native: NativeConnection,
    createControl: (workflowBundle: string) => Promise<Worker>,
  ) {
    this.client = client;
    this.native = native;
    this.createControl = createControl;
    this.array.addTarget({ iqn: FLEET_IQN, portals: FLEET_PORTALS });
  }

  static async start(server: FleetServer): Promise<Fleet> {
    quietRuntime();
    const { temporalAddress: address } = server;
    const client = new Client({
      connection: await Connection.connect({ address }),
      identity: IDENTITY,
    });
    const native = await NativeConnection.connect({ address });
    const mooring = new MooringClient(client);
    const fronts = {
      attach: (request: unknown) => mooring.attach(request as AttachRequestInput),
      detach: (request: unknown) => mooring.detach(request as DetachRequestInput),
    };
    const createControl = (codePath: string): Promise<Worker> =>
      Worker.create({
        connection: native,
        taskQueue: CONTROL_TASK_QUEUE,
        workflowBundle: { codePath },
        activities: createControlActivities({ ledger: createTemporalLedger(client, fronts) }),
        identity: IDENTITY,
        stickyQueueScheduleToStartTimeout: 2_000,
      });
    const fleet = new Fleet(client, native, createControl);
    await fleet.startControlWorker(server.workflowBundle);
    return fleet;
  }

  async stop(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.stopWorker()));
    await this.stopControlWorker();
    await this.native.close();
    await this.client.connection.close();
  }

  /** @param workflowBundle - path of the workflow code it runs */
  async startControlWorker(workflowBundle: string): Promise<void> {
    const worker = await this.createControl(workflowBundle);
    this.control = { worker, done: worker.run() };
  }

  async stopControlWorker(): Promise<void> {
    this.control?.worker.shutdown();
    await this.control?.done;
    this.control = undefined;
  }

  /** A host whose worker runs. */
  async addHost(): Promise<FleetHost> {
    const host = this.addHostWithoutWorker();
    await host.startWorker();
    return host;
  }

  addHostWithoutWorker(): FleetHost {
    const host = new FleetHost(this.native, this.array);
    this.hosts.push(host);
    return host;
  }

  /** A volume of its own LUN behind all portals. */
  addVolume(): { volumeId: string; lun: number; wwid: string; name: string } {
    this.luns += 1;
    const volumeId = `vol-${randomUUID()}`;
    const designator = `6001405${randomUUID().replaceAll('-', '').slice(0, 25)}`;
    this.array.addVolume({ name: volumeId, wwid: `naa.${designator}`, sizeBytes: VOLUME_BYTES });
    this.array.mapLun({ iqn: FLEET_IQN, lun: this.luns, volume: volumeId });
    return { volumeId, lun: this.luns, wwid: `3${designator}`, name: volumeId };
  }

  request(
    host: FleetHost,
    volume: { volumeId: string; lun: number },
    more: Partial<AttachRequestInput> = {},
  ): AttachRequestInput {
    const { volumeId, lun } = volume;
    const paths = FLEET_PORTALS.map((portal) => ({ portal, iqn: FLEET_IQN, lun }));
    return { volumeId, hostId: host.hostId, connection: { paths }, ...more };
  }

  async attach(input: AttachRequestInput, updateId: string = randomUUID()): Promise<AttachResult> {
    const request = withAttachDefaults(input);
    const { volumeId, hostId, access } = request;
    return this.client.workflow.executeUpdateWithStart(attachUpdate, {
      updateId,
      args: [request],
      startWorkflowOperation: new WithStartWorkflowOperation(ATTACHMENT_WORKFLOW, {
        workflowId: attachmentWorkflowId(request),
        taskQueue: CONTROL_TASK_QUEUE,
        args: [{ volumeId, hostId, access }],
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    });
  }

  async detach(
    host: FleetHost,
    volumeId: string,
    mode: 'normal' | 'force' = 'normal',
  ): Promise<DetachResult> {
    const request = { volumeId, hostId: host.hostId, mode };
    return this.handle(volumeId).executeUpdate(detachUpdate, { args: [request] });
  }

  async abandon(
    host: FleetHost,
    volumeId: string,
    stated: Pick<AbandonRequest, 'requestedBy' | 'reason' | 'evenIfAlive'>,
  ): Promise<AbandonResult> {
    const request = { volumeId, hostId: host.hostId, ...stated };
    return this.handle(volumeId).executeUpdate(abandonUpdate, { args: [request] });
  }

  async approve(
    host: FleetHost,
    volumeId: string,
    stated: Pick<Approval, 'requestedBy' | 'reason' | 'decision'>,
  ): Promise<string> {
    const request = { volumeId, hostId: host.hostId, ...stated };
    return this.handle(volumeId).executeUpdate(approveUpdate, { args: [request] });
  }

  /** What a host worker does when it starts: its attachments hear which boot it is. */
  async announce(host: FleetHost): Promise<void> {
    await announceBoot({
      client: this.client,
      logger: createLogger({ level: 'error' }),
      hostId: host.hostId,
      files: host.simulated.files,
      signal: new AbortController().signal,
    });
  }

  async state(volumeId: string): Promise<AttachmentView> {
    return this.handle(volumeId).query(stateQuery);
  }

  handle(volumeId: string): WorkflowHandle {
    return this.client.workflow.getHandle(`attachment/${volumeId}`);
  }
}

let installed = false;

export function quietRuntime(): void {
  if (installed) return;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  installed = true;
}
