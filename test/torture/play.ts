import { setTimeout as pause } from 'node:timers/promises';
import { Administrator } from './administrator.js';
import { Caller, isAsk, type AskDeed } from './caller.js';
import { isDisturbance, Disturber } from './disturber.js';
import type { Call, Evidence, Quiet, RunHistory, Sighting } from './evidence.js';
import { lookAt } from './host-look.js';
import { Looker } from './looker.js';
import { holdsWithin, settled } from './patience.js';
import type { Deed, Plan, Timed } from './plan.js';
import { Random } from './random.js';
import { Registry } from './registry.js';
import type { Tamper } from './tamper.js';
import type { TortureServer } from './torture-server.js';
import { VolumeUser } from './volume-user.js';
import { World } from './world.js';
import { udevWwid } from './wwids.js';

/** Every bound of an attach, a detach and an undo together. */
const ANSWERS_MS = 90_000;
const REST_MS = 45_000;
const SIGHT_EVERY_MS = 300;
/** All bounds of a run together; beyond it the harness itself hangs. */
const RUN_MAX_MS = 1_800_000;

export interface PlayOptions {
  readonly server: TortureServer;
  /** Begins every id of the run; its own among all runs on the server. */
  readonly tag: string;
  /** A planted defect. */
  readonly tamper?: Tamper;
  /** Share of the usual patience with what does not come to its end. @default 1 */
  readonly patience?: number;
}

/** Plays a plan from beginning to end, and brings back what there is to judge. */
export async function play(plan: Plan, options: PlayOptions): Promise<Evidence> {
  const { server, tag, tamper = {} } = options;
  const running = new Play(plan, await World.make(plan, tag, server, tamper), options);
  const late = new AbortController();
  const limit = pause(RUN_MAX_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`the run did not end; it was at: ${running.phase}`);
  });
  try {
    return await Promise.race([running.run(), limit]);
  } finally {
    late.abort();
    limit.catch(() => undefined);
  }
}

class Play {
  readonly #plan: Plan;
  readonly #world: World;
  readonly #server: TortureServer;
  readonly #tag: string;
  readonly #caller: Caller;
  readonly #user: VolumeUser;
  readonly #disturber: Disturber;
  readonly #registry: Registry;
  readonly #looker: Looker;
  readonly #random: Random;
  readonly #sightings: Sighting[] = [];
  readonly #quiets: Quiet[] = [];
  readonly #stuck: string[] = [];
  readonly #texts: { what: string; text: string }[] = [];
  readonly #logFrom: number;
  readonly #tamper: Tamper;
  readonly #patience: number;
  /** Callers that wait for their answer, or do with it what they came for. */
  #busy = 0;

  constructor(plan: Plan, world: World, { server, tag, tamper, patience }: PlayOptions) {
    this.#tamper = tamper ?? {};
    this.#patience = patience ?? 1;
    this.#plan = plan;
    this.#world = world;
    this.#server = server;
    this.#tag = tag;
    this.#caller = new Caller(server.client, plan, tag);
    this.#user = new VolumeUser(world);
    this.#disturber = new Disturber(world, server, this.#user);
    this.#registry = new Registry(server.client, tag);
    this.#looker = new Looker(world, this.#registry);
    this.#random = new Random(plan.seed + 1);
    this.#logFrom = server.logBook.lines.length;
  }

  /** What it is at, for those who wonder why it does not end. */
  phase = 'begin';

  async run(): Promise<Evidence> {
    const sighting = setInterval(() => void this.#sight(), SIGHT_EVERY_MS);
    try {
      for (const act of this.#plan.acts) {
        this.phase = 'act';
        await this.#act(act);
        this.phase = 'uneasy look';
        this.#quiets.push(await this.#looker.uneasy());
        this.phase = 'heal';
        await this.#heal();
        this.phase = 'quiet look';
        this.#quiets.push(await this.#looker.quiet());
      }
      this.phase = 'detach all';
      await this.#detachAll();
      this.#quiets.push(await this.#looker.last());
    } finally {
      clearInterval(sighting);
      this.phase = 'stop the workers';
      await Promise.all(this.#world.hosts.map((host) => host.stop()));
    }
    this.phase = 'evidence';
    const evidence = await this.#evidence();
    return this.#tamper.evidence?.(evidence) ?? evidence;
  }

  async #act(act: readonly Timed[]): Promise<void> {
    const begin = performance.now();
    for (const { atMs, deed } of act) {
      await pause(Math.max(0, begin + atMs - performance.now()));
      this.#begin(deed);
    }
  }

  #begin(deed: Deed): void {
    if (isAsk(deed)) void this.#ask(deed);
    else if (isDisturbance(deed)) this.#disturber.begin(deed);
    else if (deed.kind === 'write') void this.#user.write(deed);
    else void this.#user.use(deed);
  }

  async #ask(deed: AskDeed, mustSucceed = false): Promise<Call> {
    if (deed.kind === 'attach') this.#user.onSent(deed.requestId);
    if (deed.kind === 'detach') this.#user.onEnd(deed);
    if (deed.kind === 'cancel') {
      this.#plan.hosts.forEach((_host, host) => {
        this.#user.onEnd({ volume: deed.volume, host });
      });
    }
    const volumeId = this.#world.volumeId(deed.volume);
    const { hostId } = this.#world.host(deed.host);
    this.#busy += 1;
    try {
      const call = await this.#caller.ask(deed, { volumeId, hostId }, mustSucceed);
      await this.#user.onAnswer(call);
      return call;
    } finally {
      this.#busy -= 1;
    }
  }

  /** Everything that is wrong ends, and what is under way comes to its end. */
  async #heal(): Promise<void> {
    await this.#disturber.heal();
    this.phase = 'wait for answers';
    const isAnswered = async (): Promise<boolean> => {
      await this.#decide();
      return this.#busy === 0;
    };
    await holdsWithin(this.#patience * ANSWERS_MS, isAnswered);
    this.#noteUnanswered();
    // Who was answered only now may have begun to use its device.
    await this.#user.leaveAll();
    this.phase = 'wait for rest';
    // Not judged here: a look says what there is, and the oracle what that is worth.
    await holdsWithin(this.#patience * REST_MS, () => this.#looker.isAtRest());
  }

  #noteUnanswered(): void {
    for (const { deed, hostId, volumeId } of this.#caller.unanswered) {
      this.#stuck.push(`${deed.kind} of ${volumeId} on ${hostId} was not answered`);
    }
  }

  /** A person decides whatever is asked. */
  async #decide(): Promise<void> {
    if (!(await this.#registry.states()).includes('needs-approval')) return;
    for (const entity of await this.#registry.entities()) {
      if (entity.state !== 'needs-approval') continue;
      const volume = this.#world.volumeIds.indexOf(entity.volumeId);
      const host = this.#world.hosts.findIndex(({ hostId }) => hostId === entity.hostId);
      const decision = this.#random.chance(0.5) ? 'approve' : 'refuse';
      await this.#ask({ kind: 'approve', volume, host, decision });
    }
  }

  async #detachAll(): Promise<void> {
    const open = await this.#registry.entities();
    // One that gives no answer does not say where it is; it stays open, and is found for that.
    const attachments = open.filter(
      ({ workflowId, hostId }) =>
        workflowId.startsWith('attachment/') &&
        this.#world.hosts.some((each) => each.hostId === hostId),
    );
    const bootIds = await this.#looker.bootIds();
    const detaching = attachments.map(async (entity, index) => {
      const { volumeId, hostId, device, wwid, bootId } = entity;
      const volume = this.#world.volumeIds.indexOf(volumeId);
      const host = this.#world.hosts.findIndex((each) => each.hostId === hostId);
      const isThere = device !== undefined && wwid !== undefined && bootId === bootIds[hostId];
      // What is written now is dirty when the detach comes.
      if (isThere) await this.#user.writeThrough({ volume, host }, { device, wwid });
      const detach = { kind: 'detach', volume, host, mode: 'normal' } as const;
      // Attached as the volume that had the number for a while, it is a stranger's now.
      const isStrangers = isThere && wwid !== udevWwid(volume);
      const call = await this.#ask({ ...detach, requestId: `last${index}` }, !isStrangers);
      if (!isStrangers || call.error?.type !== 'WrongVolume') return;
      await new Administrator(this.#world.host(host).simulated).takeAway(device);
      await this.#ask({ ...detach, requestId: `byhand${index}` }, true);
    });
    let isAnswered = false;
    void Promise.all(detaching).then(() => {
      isAnswered = true;
    });
    const isOver = async (): Promise<boolean> => {
      const open = await this.#registry.runs('open');
      return isAnswered && open.length === 0;
    };
    await holdsWithin(this.#patience * ANSWERS_MS, isOver);
    this.#noteUnanswered();
    await Promise.all(this.#world.hosts.map((host) => settled(() => lookAt(host.simulated))));
  }

  async #sight(): Promise<void> {
    for (const host of this.#world.hosts) {
      const wwids = await this.#looker.volumesOn(host).catch(() => []);
      this.#sightings.push({ atMs: performance.now(), hostId: host.hostId, wwids });
    }
  }

  async #evidence(): Promise<Evidence> {
    await Promise.all(this.#caller.calls.map((call) => this.#caller.askAgain(call)));
    const runs = await this.#registry.runs('all');
    const histories = await Promise.all(
      runs.map(async (run) => {
        const history = await this.#registry.history(run);
        return this.#tamper.history?.(history) ?? history;
      }),
    );
    for (const run of runs) {
      const text = await this.#registry.description(run);
      this.#texts.push({ what: `description of ${run.workflowId}`, text });
    }
    const { calls } = this.#caller;
    for (const call of calls) {
      this.#texts.push({ what: `answer to ${call.deed.kind}`, text: JSON.stringify(call) });
    }
    for (const host of this.#world.hosts) {
      const lines = await host.simulated.control.runs();
      this.#texts.push({ what: `command lines on ${host.hostId}`, text: lines.join('\n') });
    }
    const states = JSON.stringify(this.#quiets.flatMap(({ entities }) => entities));
    this.#texts.push({ what: 'states', text: states });
    const log = this.#server.logBook.lines.slice(this.#logFrom);
    this.#texts.push({ what: 'log', text: log.join('\n') });
    const { slots } = this.#user;
    return {
      plan: this.#plan,
      tag: this.#tag,
      hostIds: this.#world.hosts.map(({ hostId }) => hostId),
      volumeIds: this.#world.volumeIds,
      baselines: this.#world.baselines,
      boots: Object.fromEntries(this.#world.hosts.map(({ hostId, boots }) => [hostId, boots])),
      calls,
      reads: this.#user.reads,
      writes: this.#user.writes,
      uses: this.#user.uses,
      sightings: this.#sightings,
      quiets: this.#quiets,
      reused: this.#disturber.reused,
      histories,
      replays: await this.#replay(histories),
      texts: this.#texts,
      contents: this.#plan.volumes.map((_volume, index) => this.#world.contentOf(index, slots)),
      stuck: this.#stuck,
    };
  }

  /** Histories that today's workflows do not understand. */
  async #replay(histories: readonly RunHistory[]): Promise<Evidence['replays']> {
    const replays = histories.map(async (history) => {
      const { workflowId, runId } = history;
      const error = await this.#server.replayer.replay(history);
      return error === undefined ? [] : [{ workflowId, runId, error }];
    });
    return (await Promise.all(replays)).flat();
  }
}
