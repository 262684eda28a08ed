import { showAttachResult, showDetachResult } from '../cli/output/attachment-text.js';
import { renderHistory } from '../cli/output/history-table.js';
import type { FollowTarget } from '../client/follow.js';
import { OperationError } from '../client/operation-error.js';
import type { Operation } from '../client/operation.js';
import type { AttachResult, DetachResult } from '../model/attach-result.js';
import type { HostSnapshot } from '../simulator/observation.js';
import type { RemoteHost } from '../simulator/remote-host.js';
import { crashAtSecondDeletion, type PreparedCrash } from './demo-crash.js';
import type { DemoFleet } from './demo-fleet.js';
import { attachRequest, type DemoPlan } from './demo-plan.js';
import type { DemoScreen, LiveSteps } from './demo-screen.js';

/** What is written through the device, and looked for on the array. */
const PATTERN = 'written through the multipath device';
const PATTERN_OFFSET = 4_096;

export interface DemoStoryOptions {
  readonly fleet: DemoFleet;
  readonly plan: DemoPlan;
  readonly screen: DemoScreen;
  readonly signal: AbortSignal;
}

/** The main job, scene by scene. Each fails with an Error when it does not go as told. */
export class DemoStory {
  readonly #fleet: DemoFleet;
  readonly #plan: DemoPlan;
  readonly #screen: DemoScreen;
  readonly #signal: AbortSignal;

  /** @param options.signal - ends the waiting of whatever is under way */
  constructor(options: DemoStoryOptions) {
    this.#fleet = options.fleet;
    this.#plan = options.plan;
    this.#screen = options.screen;
    this.#signal = options.signal;
  }

  async tell(): Promise<void> {
    const { hostId } = this.#plan;
    const host = await this.#fleet.hold(hostId);
    await host.control.array.setPortal({
      portal: this.#plan.deadPortal,
      condition: { kind: 'dropped' },
    });
    const attached = await this.#attach();
    this.#screen.block(showAttachResult(attached));
    await this.#refuseOther();
    await this.#write(host, attached);
    await this.#detach(host);
    await this.#prove(host);
    await this.#showHistory();
  }

  async #attach(): Promise<AttachResult> {
    const { volumeId, hostId, portals, deadPortal } = this.#plan;
    this.#screen.heading(
      `Attach ${volumeId} to ${hostId} by ${portals.length} portals, of which ${deadPortal} is dead`,
    );
    const operation = await this.#fleet.mooring.startAttach(attachRequest(this.#plan, hostId), {
      signal: this.#signal,
    });
    const steps = this.#screen.steps();
    try {
      const [result] = await Promise.all([operation.result(), this.#follow(operation, steps)]);
      return result;
    } finally {
      steps.end();
    }
  }

  /** The workflow's id is the fence. */
  async #refuseOther(): Promise<void> {
    const { volumeId, otherHostId } = this.#plan;
    this.#screen.heading(`Attach it to ${otherHostId} as well`);
    try {
      const request = attachRequest(this.#plan, otherHostId);
      await this.#fleet.mooring.attach(request, { signal: this.#signal });
    } catch (error) {
      if (!(error instanceof OperationError) || error.type !== 'AttachedElsewhere') throw error;
      this.#screen.line(`refused: ${error.type}: ${error.message}`);
      return;
    }
    throw new Error(`${volumeId} was attached to two hosts`);
  }

  async #write({ control }: RemoteHost, { stablePath, device }: AttachResult): Promise<void> {
    this.#screen.heading('Write through the device');
    await control.writeThrough(stablePath, PATTERN_OFFSET, new TextEncoder().encode(PATTERN));
    const onArray = await this.#readArray(control);
    if (onArray === PATTERN) throw new Error('The pattern is on the array before the flush');
    this.#screen.line(`"${PATTERN}" is in the host's cache of ${device}, not yet on the array`);
  }

  async #detach(host: RemoteHost): Promise<void> {
    const { volumeId, hostId } = this.#plan;
    this.#screen.heading(`Detach ${volumeId}; the worker of ${hostId} is killed in the middle`);
    const crash = await crashAtSecondDeletion(this.#fleet, host, hostId);
    const operation = await this.#fleet.mooring.startDetach(
      { volumeId, hostId, requestedBy: 'mooring demo' },
      { signal: this.#signal },
    );
    if ('nothing' in operation) throw new Error(`${volumeId} was not attached`);
    const result = await this.#crashDuring(operation, crash);
    this.#screen.block(showDetachResult(result));
  }

  async #crashDuring(
    operation: Operation<DetachResult>,
    crash: PreparedCrash,
  ): Promise<DetachResult> {
    const { hostId } = this.#plan;
    const steps = this.#screen.steps();
    const happened = crash.happen(this.#signal, {
      killed: (pid) => {
        steps.note(`kill -9 ${pid}: the worker of ${hostId} dies while it removes the devices`);
      },
      startedAgain: (pid) => {
        steps.note(`the worker of ${hostId} is started again as process ${pid}`);
      },
    });
    try {
      const detached = Promise.all([operation.result(), this.#follow(operation, steps)]);
      const first = await Promise.race([detached, happened]);
      if (first !== undefined) throw new Error('The detach was over before its worker was back');
      const [result] = await detached;
      return result;
    } finally {
      steps.end();
    }
  }

  async #prove({ control }: RemoteHost): Promise<void> {
    this.#screen.heading('What is left');
    const onArray = await this.#readArray(control);
    if (onArray !== PATTERN) throw new Error(`The array holds ${JSON.stringify(onArray)}`);
    this.#screen.line(`on the array: "${onArray}"`);
    const left = leftovers(await control.snapshot());
    if (left.length > 0) throw new Error(`Left on ${this.#plan.hostId}: ${left.join(', ')}`);
    this.#screen.line(
      `on ${this.#plan.hostId}: no session, no node record, no device, no map, no note of ours`,
    );
  }

  async #showHistory(): Promise<void> {
    this.#screen.heading("The attachment's history, as the Temporal server keeps it");
    const { mooring } = this.#fleet;
    const { volumeId } = this.#plan;
    // The run closes a moment after its last update has answered: to its end, then.
    const events = mooring.follow({ volumeId }, { signal: this.#signal });
    while ((await events.next()).done !== true);
    this.#screen.block(renderHistory(await mooring.history(volumeId)));
  }

  async #follow(target: FollowTarget, steps: LiveSteps): Promise<void> {
    for await (const event of this.#fleet.mooring.follow(target, { signal: this.#signal })) {
      steps.show(event);
    }
  }

  async #readArray({ array }: RemoteHost['control']): Promise<string> {
    const { volumeName } = this.#plan;
    const length = PATTERN.length;
    const bytes = await array.readVolume({ volume: volumeName, offset: PATTERN_OFFSET, length });
    return new TextDecoder().decode(bytes);
  }
}

/** Everything an attach brings to a host, by name; empty on a host that is as it was before. */
function leftovers(seen: HostSnapshot): string[] {
  return [
    ...seen.sessions.map(({ portal }) => `session to ${portal}`),
    ...filesOf(seen.nodeRecords),
    ...seen.scsiDevices.map(({ disk }) => disk),
    ...seen.maps.map(({ label }) => `map ${label}`),
    ...seen.wwids.map((line) => `wwid ${line}`),
    ...filesOf(seen.runTree),
  ];
}

function filesOf(tree: HostSnapshot['runTree']): string[] {
  return tree.filter(({ sha256 }) => sha256 !== undefined).map(({ path }) => path);
}
