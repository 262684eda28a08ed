import type { BoundarySpec } from '../../src/simulator/boundaries.js';
import type { Fault } from '../../src/simulator/fault-plan.js';
import type { PortalCondition } from '../../src/simulator/storage-array.js';
import { PORTALS, TARGET_IQNS, type DeedOf, type Plan } from './plan.js';
import type { Random } from './random.js';
import { kernelWwid } from './wwids.js';

type World = Pick<Plan, 'hosts' | 'volumes'>;
type Disturbance = DeedOf<
  | 'fault'
  | 'portal'
  | 'reuse-lun'
  | 'stop-worker'
  | 'kill-worker'
  | 'reboot'
  | 'change-control-worker'
>;

/** Draws one thing that goes wrong. */
export function drawDisturbance(random: Random, world: World): Disturbance {
  const host = random.int(0, world.hosts.length - 1);
  const volume = random.int(0, world.volumes.length - 1);
  const forMs = random.int(100, 2_000);
  const make = random.weighted<() => Disturbance>([
    [14, () => drawPortal(random)],
    [30, () => ({ kind: 'fault', host, fault: drawFault(random, world), forMs })],
    [2, () => ({ kind: 'reuse-lun', volume, by: (volume + 1) % world.volumes.length, forMs })],
    [3, () => ({ kind: 'stop-worker', host, forMs })],
    [3, () => ({ kind: 'kill-worker', host, forMs })],
    [5, () => ({ kind: 'kill-worker', host, forMs, at: drawBoundary(random) })],
    [3, () => ({ kind: 'reboot', host, offMs: random.int(0, 800) })],
    [2, () => ({ kind: 'change-control-worker' })],
  ]);
  return make();
}

function drawPortal(random: Random): Disturbance {
  const condition = random.weighted<PortalCondition>([
    [5, { kind: 'dropped' }],
    [3, { kind: 'resetting' }],
    [2, { kind: 'wrong-target' }],
    [3, { kind: 'slow', latencyMs: random.int(200, 5_000) }],
  ]);
  const portal = random.int(0, PORTALS.length - 1);
  return { kind: 'portal', portal, condition, forMs: random.int(60, 2_500) };
}

/** Something a program does to the host; there a worker may die. */
function drawBoundary(random: Random): BoundarySpec {
  const of = random.weighted<BoundarySpec['of']>([
    [4, 'iscsiadm'],
    [2, 'multipath'],
    [2, 'multipathd'],
    [1, 'sync'],
    [3, 'write-attribute'],
    [2, 'replace-file'],
    [2, 'remove-file'],
  ]);
  return { of, nth: random.int(1, 4), side: random.pick(['before', 'after']) };
}

function drawFault(random: Random, { volumes }: World): Fault {
  const index = random.int(0, volumes.length - 1);
  const { targets, lun } = volumes[index] ?? { targets: ['a' as const], lun: 1 };
  const iqn = TARGET_IQNS[random.pick(targets)];
  const wwid = kernelWwid(index);
  const portal = random.pick(PORTALS);
  const byMs = random.int(200, 4_000);
  const times = random.int(1, 4);
  const exitCode = random.pick([1, 6, 8, 9, 11, 15, 21, 24]);
  const make = random.weighted<() => Fault>([
    [4, () => ({ kind: 'portal', portal, condition: { kind: 'dropped' } })],
    [2, () => ({ kind: 'portal', portal, condition: { kind: 'resetting' } })],
    [3, () => ({ kind: 'packet-loss', percent: random.int(5, 40) })],
    [2, () => ({ kind: 'wrong-secret', iqn })],
    [3, () => ({ kind: 'lun-absent', iqn, lun })],
    [2, () => ({ kind: 'lun-absent', iqn, lun, portal })],
    [3, () => ({ kind: 'lun-late', iqn, lun, afterMs: random.int(100, 3_000) })],
    [3, () => ({ kind: 'device-hangs', wwid })],
    [4, () => ({ kind: 'flush-fails', wwid })],
    [3, () => ({ kind: 'udev-late', byMs })],
    [2, () => ({ kind: 'udev-held' })],
    [3, () => ({ kind: 'udev-keeps-links' })],
    [3, () => ({ kind: 'multipathd-stopped' })],
    [3, () => ({ kind: 'multipathd-slow-to-forget', byMs })],
    [3, () => ({ kind: 'map-late', byMs })],
    [3, () => ({ kind: 'map-held-open', wwid })],
    [4, () => ({ kind: 'command-hangs', ...drawRuns(random), times })],
    [4, () => ({ kind: 'command-fails', ...drawRuns(random), exitCode, times })],
    [4, () => ({ kind: 'answer-lies', ...drawRuns(random), exitCode, times })],
    [2, () => ({ kind: 'command-fails', ...drawIdle(random), exitCode: 0, times })],
    [3, () => ({ kind: 'database-locked' })],
    [1, () => ({ kind: 'disk-full', under: random.pick(DIRECTORIES) })],
    [1, () => ({ kind: 'unreadable', path: random.pick(UNREADABLE) })],
  ]);
  return make();
}

const DIRECTORIES = ['/etc/iscsi', '/run/mooring', '/etc/multipath'];
const UNREADABLE = ['/etc/iscsi/nodes', '/run/mooring/claims', '/sys/class/iscsi_session'];

function drawRuns(random: Random): Pick<Extract<Fault, { kind: 'command-hangs' }>, 'program'> {
  return { program: random.pick(['iscsiadm', 'multipath', 'multipathd', 'sync'] as const) };
}

/**
 * A program that does nothing and says it did. Not `sync`: nobody can know what that left undone.
 */
function drawIdle(random: Random): { program: 'iscsiadm' | 'multipath'; matching: string } {
  return random.pick([
    { program: 'iscsiadm', matching: '--login' } as const,
    { program: 'iscsiadm', matching: '--logout' } as const,
    { program: 'iscsiadm', matching: '-o delete' } as const,
    { program: 'multipath', matching: '-f' } as const,
  ]);
}
