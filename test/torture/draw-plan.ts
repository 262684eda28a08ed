import { drawDisturbance } from './draw-disturbance.js';
import {
  TARGET_PORTALS,
  type AttachDeed,
  type Deed,
  type PathPlace,
  type Plan,
  type PlannedHost,
  type PlannedVolume,
  type TargetName,
  type Timed,
} from './plan.js';
import { Random } from './random.js';

/** Enough for a handful of operations a volume, little enough for many runs a minute. */
const ACT_MS = 3_000;
const ACTS_MAX = 2;

/** Draws a whole run. The same seed gives the same plan. */
export function drawPlan(seed: number): Plan {
  const random = new Random(seed);
  const hosts = times(random.int(2, 3), () => drawHost(random));
  const volumes = times(random.int(3, 5), (index) => drawVolume(random, index));
  const world = { hosts, volumes };
  const acts = times(random.int(1, ACTS_MAX), (act) => drawAct(random, world, act));
  return { seed, ...world, chap: random.chance(0.6), acts };
}

function drawHost(random: Random): PlannedHost {
  const place = (): PathPlace => ({ target: 'a', portal: random.pick(TARGET_PORTALS.a) });
  return {
    ownTarget: random.chance(0.5),
    ...(random.chance(0.3) ? { sharedSession: place() } : {}),
    ...(random.chance(0.3) ? { record: place() } : {}),
  };
}

function drawVolume(random: Random, index: number): PlannedVolume {
  const targets = random.weighted<readonly TargetName[]>([
    [5, ['a']],
    [3, ['b']],
    [2, ['a', 'b']],
  ]);
  return { targets, lun: index + 1, access: random.chance(0.3) ? 'shared' : 'exclusive' };
}

type World = Pick<Plan, 'hosts' | 'volumes'>;

function drawAct(random: Random, world: World, act: number): Timed[] {
  const calls = world.volumes.flatMap((_volume, index) =>
    drawLife(random, world, { volume: index, act }),
  );
  const disturbances = times(random.int(2, 9), () => ({
    atMs: random.int(0, ACT_MS),
    deed: drawDisturbance(random, world),
  }));
  return [...calls, ...disturbances].sort((left, right) => left.atMs - right.atMs);
}

/** What is asked for one volume during an act, as users would who do not know of each other. */
function drawLife(
  random: Random,
  world: World,
  { volume, act }: { readonly volume: number; readonly act: number },
): Timed[] {
  const deeds: Timed[] = [];
  let last: AttachDeed | undefined;
  const nextId = (): string => `a${act}v${volume}n${deeds.length}`;
  for (let atMs = random.int(0, 500); atMs < ACT_MS; atMs += random.int(20, 800)) {
    const deed: Deed =
      last === undefined || random.chance(0.15)
        ? drawAttach(random, world, volume, nextId())
        : drawNext(random, world, last, nextId());
    deeds.push({ atMs, deed });
    if (deed.kind === 'attach' && deed.expect !== 'wrong') last = deed;
    if (deed.kind === 'detach' && random.chance(0.7)) last = undefined;
    // A caller who got no answer asks again.
    const isRequest = deed.kind === 'attach' || deed.kind === 'detach';
    if (isRequest && random.chance(0.2)) deeds.push({ atMs: atMs + random.int(0, 400), deed });
  }
  return deeds;
}

function drawNext(random: Random, world: World, last: AttachDeed, requestId: string): Deed {
  const { volume, host } = last;
  const otherHost = random.int(0, world.hosts.length - 1);
  const forMs = random.int(100, 1_200);
  const make = random.weighted<() => Deed>([
    [30, () => ({ kind: 'write', volume, host })],
    [20, () => ({ kind: 'detach', volume, host, requestId, mode: 'normal' })],
    [8, () => ({ kind: 'detach', volume, host, requestId, mode: 'force' })],
    [5, () => ({ kind: 'detach', volume, host: otherHost, requestId, mode: 'normal' })],
    [8, () => ({ ...last, requestId })],
    [5, () => ({ ...last, requestId, host: otherHost })],
    [4, () => ({ ...last, requestId, paths: last.paths.slice(0, 1) })],
    [4, () => ({ kind: 'cancel', volume, host })],
    [5, () => ({ kind: 'verify', volume, host })],
    [6, () => ({ kind: 'repair', volume, host })],
    [3, () => ({ kind: 'plan', volume, host })],
    [4, () => ({ kind: 'approve', volume, host, decision: random.pick(['approve', 'refuse']) })],
    [6, () => ({ kind: 'mount', volume, host, forMs })],
    [3, () => ({ kind: 'hold-open', volume, host, forMs })],
  ]);
  return make();
}

function drawAttach(random: Random, world: World, volume: number, requestId: string): AttachDeed {
  const { targets, access } = world.volumes[volume] ?? { targets: [], access: 'exclusive' };
  const places = targets.flatMap((target) =>
    TARGET_PORTALS[target].map((portal) => ({ target, portal })),
  );
  const paths = random.some(places, random.int(1, 4));
  const other = access === 'shared' ? 'exclusive' : 'shared';
  return {
    kind: 'attach',
    volume,
    // Most users of a volume sit on one host.
    host: random.chance(0.7) ? volume % world.hosts.length : random.int(0, world.hosts.length - 1),
    requestId,
    paths,
    discovery: random.chance(0.08),
    access: random.chance(0.93) ? access : other,
    multipath: random.weighted([
      [5, 'preferred'],
      [2, 'required'],
      [2, 'off'],
    ]),
    expect: random.weighted([
      [5, 'right'],
      [4, 'absent'],
      [1, 'wrong'],
    ]),
    onBoot: random.chance(0.85) ? 'reattach' : 'none',
    policy: drawPolicy(random, paths.length),
    ...drawUse(random),
  };
}

/** What follows an attach; the write stays dirty until something writes it back. */
function drawUse(random: Random): Pick<AttachDeed, 'then' | 'forMs'> {
  const use = random.weighted<AttachDeed['then']>([
    [3, undefined],
    [6, 'write'],
    [1, 'mount'],
    [1, 'hold-open'],
  ]);
  return use === undefined ? {} : { then: use, forMs: random.int(200, 1_500) };
}

/** Short bounds: what is slow or dead must show within an act. */
function drawPolicy(random: Random, paths: number): Record<string, number> {
  return {
    deadlineMs: random.int(5_000, 12_000),
    hostWaitMs: random.int(2_000, 5_000),
    loginTimeoutMs: random.int(1_000, 3_000),
    minPaths: random.chance(0.8) ? 1 : random.int(1, paths),
    pathGraceMs: random.int(0, 300),
    deviceWaitMs: random.int(600, 2_500),
    mapWaitMs: random.int(800, 2_500),
    flushTimeoutMs: random.int(4_000, 20_000),
    removalWaitMs: random.int(2_000, 4_000),
    retryPathsMinMs: random.int(100, 300),
    retryPathsMaxMs: random.int(300, 800),
  };
}

function times<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_none, index) => make(index));
}
