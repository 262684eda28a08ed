import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { MooringClient } from '../../src/client/mooring-client.js';
import { eventually } from '../../test/support/eventually.js';
import { CHAP_USER, MARKER_SECRET, SECRET_REF } from '../../test/torture/secrets.js';
import { cleanHost } from '../clean-host.js';
import { GENUINE } from '../genuine-tools.js';
import { GuestDaemons } from '../guest-daemons.js';
import { GuestNetwork } from '../guest-network.js';
import { GuestWorker } from '../guest-worker.js';
import type { Guest } from '../guest.js';
import { startMachine, type Machine } from '../machine.js';
import { settleAdministrator } from './administrator.js';
import { FaultArray, IQN, LUNS, PORTALS } from './fault-array.js';
import { RecordDisk } from './record-disk.js';
import { StandIns } from './stand-ins.js';

const SECRET_NAME = SECRET_REF.slice('file:'.length);
const DETACH_TIMEOUT_MS = 60_000;
/** A session finds its portal again within its own timeouts. */
const HEALED_MS = 120_000;

/**
 * The guest with everybody who lives in it: an administrator with sessions and devices of their own,
 * a neighbour whose volume shares portals with the one under test, and mooring.
 */
export class Stage {
  readonly hostId = `lab-${randomUUID().slice(0, 8)}`;
  readonly machine: Machine;
  readonly guest: Guest;
  readonly client: Client;
  readonly mooring: MooringClient;
  readonly network: GuestNetwork;
  readonly array: FaultArray;
  readonly daemons: GuestDaemons;
  readonly worker: GuestWorker;
  readonly standIns: StandIns;
  readonly recordDisk: RecordDisk;
  /** Volume ids to detach when everything is built anew. */
  private readonly open = new Set<string>();
  private neighbours = 0;
  private device = '';

  private constructor(machine: Machine) {
    const { guest, client } = machine;
    this.machine = machine;
    this.guest = guest;
    this.client = client;
    this.mooring = new MooringClient(client);
    this.network = new GuestNetwork(guest);
    this.array = new FaultArray(guest);
    this.daemons = new GuestDaemons(guest);
    this.worker = new GuestWorker(guest, client, this.hostId);
    this.standIns = new StandIns(guest);
    this.recordDisk = new RecordDisk(guest);
  }

  /** @param runDirectory - takes every log */
  static async start(runDirectory: string): Promise<Stage> {
    const stage = new Stage(await startMachine(runDirectory));
    await stage.array.start();
    await stage.worker.storeSecret(SECRET_NAME, MARKER_SECRET);
    await settleAdministrator(stage.guest);
    await stage.standIns.install();
    await stage.worker.start();
    await stage.settleNeighbour();
    return stage;
  }

  stop(): Promise<void> {
    return this.machine.stop();
  }

  /** Whose volume shares two portals with the administrator's, and with the one under test. */
  get neighbour(): { readonly volumeId: string; readonly device: string } {
    return { volumeId: this.neighbourId, device: this.device };
  }

  /** One that a rebuild detaches, if it is still there then. */
  note(volumeId: string): void {
    this.open.add(volumeId);
  }

  /** Everything that was broken is whole again, and everybody has come to themselves. */
  async heal(): Promise<void> {
    await this.network.restore();
    await this.standIns.clear();
    await this.daemons.resume();
    await this.recordDisk.free();
    await this.array.putBack();
    await this.machine.startServer();
    await this.machine.startControl();
    await this.worker.revive();
    await this.untilSessionsAreOpen();
  }

  /** After a fault that went wrong: the next one finds the same as the first. */
  async rebuild(): Promise<void> {
    await this.heal().catch(() => undefined);
    await Promise.all(
      [...this.open].map((volumeId) =>
        this.mooring
          .detach({ volumeId, hostId: this.hostId }, { timeoutMs: DETACH_TIMEOUT_MS })
          .catch(() => undefined),
      ),
    );
    this.open.clear();
    await this.recordDisk.remove();
    await cleanHost(this.guest);
    await this.guest.script('rm -rf /run/mooring/* /etc/iscsi/mooring');
    await settleAdministrator(this.guest);
    await this.standIns.takeCommandLines();
    await this.settleNeighbour();
  }

  private get neighbourId(): string {
    return `neighbour-${String(this.neighbours)}`;
  }

  private async settleNeighbour(): Promise<void> {
    this.neighbours += 1;
    const { neighbourId: volumeId, hostId } = this;
    this.note(volumeId);
    const paths = PORTALS.slice(0, 2).map((portal) => ({
      portal,
      iqn: IQN,
      lun: LUNS.neighbours,
    }));
    const chap = { username: CHAP_USER, secretRef: SECRET_REF };
    const policy = { deadlineMs: 120_000, pathGraceMs: 20_000 };
    const attached = await this.mooring.attach({
      volumeId,
      hostId,
      connection: { paths, chap },
      policy,
    });
    if (attached.state !== 'attached') throw new Error(`the neighbour is ${attached.state}`);
    this.device = attached.device;
  }

  private async untilSessionsAreOpen(): Promise<void> {
    await eventually(
      async () => {
        const states = await this.guest.script(
          `cat /sys/class/iscsi_session/*/state; ${GENUINE}/multipathd show paths raw format %t`,
        );
        if (/FAILED|FREE|failed/.test(states)) throw new Error(`not all is well: ${states}`);
      },
      { withinMs: HEALED_MS },
    );
  }
}
