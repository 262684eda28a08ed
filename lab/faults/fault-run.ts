import { eventually } from '../../test/support/eventually.js';
import { RunBook } from '../../test/durability/run-book.js';
import { holdsWithin } from '../../test/torture/patience.js';
import type { Call as Question, Quiet, Read, Write } from '../../test/torture/evidence.js';
import { Registry } from '../../test/torture/registry.js';
import { settledLook } from './guest-look.js';
import { FaultAsker } from './fault-asker.js';
import { VOLUMES } from './fault-array.js';
import { GuestIo } from './guest-io.js';
import { KERNEL_SCAN, type Place } from './place.js';
import type { Stage } from './stage.js';
import type { Stop } from './stand-ins.js';
import { udevWwid } from '../../test/torture/wwids.js';

const ANSWERS_MS = 600_000;
const REST_MS = 300_000;
/** The server gives a silent step up after 5 s. */
const GIVEN_UP_MS = 120_000;
const UNTIL_SECONDS = 120;
/** Where the users of a volume write, and where a look does. */
const SLOTS = { own: 1, neighbours: 2, look: 3 } as const;

/** One fault from begin to end, with everything it leaves for the oracle. */
export class FaultRun {
  readonly stage: Stage;
  readonly tag: string;
  readonly volumeId: string;
  readonly asker: FaultAsker;
  readonly registry: Registry;
  readonly quiets: Quiet[] = [];
  readonly reads: Read[] = [];
  readonly writes: Write[] = [];
  readonly stuck: string[] = [];
  private readonly io: GuestIo;
  private readonly book: RunBook;

  constructor(stage: Stage, id: string) {
    this.stage = stage;
    this.tag = `fault-${id.toLowerCase()}`;
    this.volumeId = `${this.tag}.v`;
    const { client, hostId } = stage;
    const names = { volumeId: this.volumeId, hostId };
    this.asker = new FaultAsker(client, names);
    this.registry = new Registry(client, this.tag);
    this.book = new RunBook(client, names);
    this.io = new GuestIo(stage.guest);
    stage.note(this.volumeId);
  }

  /** Asks for the volume, over two portals of its own and one it shares. */
  attach(): Promise<Question> {
    return this.asker.attach();
  }

  detach(): Promise<Question> {
    return this.asker.detach();
  }

  stopAt(place: Place): Promise<Stop> {
    return this.stage.standIns.stopAt(place);
  }

  /**
   * Asks for an attach or a detach, and strikes while a tool of it stands at the place. The tool goes on
   * after the strike; whether the answer is awaited is the caller's.
   */
  async strikeAt<Struck>(
    place: Place,
    asked: 'attach' | 'detach',
    strike: () => Promise<Struck>,
  ): Promise<{ readonly answered: Promise<Question>; readonly struck: Struck }> {
    const stop = await this.stopAt(place);
    const answered = asked === 'attach' ? this.attach() : this.detach();
    await stop.reached;
    const struck = await strike();
    await stop.release();
    return { answered, struck };
  }

  /** Until a look in the guest finds what it is for. @param bash - a condition */
  async until(bash: string): Promise<void> {
    const look = `until ${bash}; do sleep 0.05; done`;
    const argv = ['timeout', String(UNTIL_SECONDS), 'bash', '--norc', '-c', look];
    const { code } = await this.stage.guest.run(argv, { timeoutMs: 2_000 * UNTIL_SECONDS });
    if (code !== 0) throw new Error(`it did not come about: ${bash}`);
  }

  /** Until somebody waits in the kernel for a scan of a path that gives no answer. */
  async untilInScan(): Promise<void> {
    await this.until(`grep -qs ${KERNEL_SCAN} /proc/[0-9]*/task/*/stack`);
  }

  /** Until the server has given the step up, because its worker gave no sign. */
  async untilGivenUp(step: string): Promise<void> {
    const isGivenUp = async (): Promise<void> => {
      if ((await this.book.givenUp(step)) === 0) throw new Error(`${step} is not given up`);
    };
    await eventually(isGivenUp, { withinMs: GIVEN_UP_MS });
  }

  /** Until the attachment is in this state, as whoever asks is told. */
  async untilState(wanted: string): Promise<void> {
    await eventually(
      async () => {
        const { state } = await this.stage.mooring.state(this.volumeId);
        if (state !== wanted) throw new Error(`${this.volumeId} is ${state}`);
      },
      { withinMs: GIVEN_UP_MS },
    );
  }

  /** Somebody lays hands on it. */
  async asAdministrator(bash: string): Promise<void> {
    await this.stage.guest.script(bash);
  }

  /** Brings the volume to where a fault begins that befalls an attached one. */
  async attachAndWrite(): Promise<void> {
    const { ok, error } = await this.attach();
    if (error !== undefined) throw new Error(`The set-up failed: ${error.type}: ${error.message}`);
    await this.write(deviceOf(ok));
  }

  /** Everybody asked has their answer, and nothing is under way any more. */
  async comeToRest(): Promise<void> {
    await holdsWithin(ANSWERS_MS, () => this.asker.unanswered.length === 0);
    for (const { deed } of this.asker.unanswered) this.stuck.push(`a ${deed.kind} has no answer`);
    const isAtRest = async (): Promise<boolean> => {
      const entities = await this.registry.entities();
      return entities.every(
        ({ state, missing }) =>
          state === 'attached' ||
          // Only a person ends that.
          (state === 'degraded' && missing.some(({ failure }) => failure === 'WrongVolume')),
      );
    };
    await holdsWithin(REST_MS, isAtRest, 250);
  }

  /** Looks at everything when all is healed, through the device if there is one. */
  async quietLook(): Promise<'attached' | 'absent'> {
    const entities = await this.registry.entities();
    const used = await Promise.all(
      entities.map(async (entity) => {
        const { device = '', stablePath = '' } = entity;
        const content = await this.io.use(device, stablePath, SLOTS.look, VOLUMES.ours);
        return { ...entity, content };
      }),
    );
    await this.look('quiet', used);
    const [entity] = entities;
    if (entity?.device !== undefined) await this.write(entity.device);
    return entity === undefined ? 'absent' : 'attached';
  }

  /** Detaches what is attached, and looks at what is left. */
  async lastLook(): Promise<void> {
    const open = await this.registry.runs('open');
    if (open.length > 0) await this.asker.detach({ mustSucceed: true });
    await holdsWithin(REST_MS, async () => (await this.registry.runs('open')).length === 0, 250);
    await this.look('last', await this.registry.entities());
  }

  /** The neighbour and the administrator have their devices, with what is in them. */
  async lookAtOthers(): Promise<void> {
    const { neighbour, hostId } = this.stage;
    const { device } = neighbour;
    const wwid = udevWwid(VOLUMES.neighbours);
    const content = await this.io.use(device, device, SLOTS.neighbours, VOLUMES.neighbours);
    const atMs = performance.now();
    const { byDevice: text } = content;
    const volume = VOLUMES.neighbours;
    this.reads.push({ volume, hostId, device, wwid, atMs, text, expectedRight: true });
    if (content.onArray !== content.written) {
      this.stuck.push(`the neighbour wrote "${content.written}", got "${content.onArray}"`);
    }
    const { state } = await this.stage.mooring.state(neighbour.volumeId);
    if (state !== 'attached') this.stuck.push(`the neighbour's volume is ${state}`);
  }

  private async look(kind: 'quiet' | 'last', entities: Quiet['entities']): Promise<void> {
    const { guest, hostId } = this.stage;
    const looks = { [hostId]: await settledLook(guest) };
    const bootIds = { [hostId]: guest.bootId };
    this.quiets.push({ kind, atMs: performance.now(), looks, entities, bootIds });
  }

  private async write(device: string): Promise<void> {
    const text = `pattern ${String(this.writes.length + 1)} of ${this.tag}`;
    const slot = SLOTS.own;
    await this.io.write(device, slot, text);
    this.writes.splice(0, this.writes.length, {
      ...{ volume: VOLUMES.ours, hostId: this.stage.hostId, slot, text },
      ...{ wwid: udevWwid(VOLUMES.ours), atMs: performance.now() },
    });
  }
}

function deviceOf(answer: unknown): string {
  const isDevice = typeof answer === 'object' && answer !== null && 'device' in answer;
  if (!isDevice) throw new Error('The set-up handed out no device');
  return String(answer.device);
}
