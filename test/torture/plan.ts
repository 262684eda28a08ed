import type { BoundarySpec } from '../../src/simulator/boundaries.js';
import type { Fault } from '../../src/simulator/fault-plan.js';
import type { PortalCondition } from '../../src/simulator/storage-array.js';

/** What one run does: plain data, drawn from a seed, printed and kept when the oracle objects. */
export interface Plan {
  readonly seed: number;
  readonly hosts: readonly PlannedHost[];
  readonly volumes: readonly PlannedVolume[];
  /** Whether target `b` asks for CHAP. */
  readonly chap: boolean;
  /** After each, everything is healed and judged; after the last, detached as well. */
  readonly acts: readonly (readonly Timed[])[];
}

/** Who the host belongs to beside us. */
export interface PlannedHost {
  /** An administrator's own target, session, device and map, which come back after a boot. */
  readonly ownTarget: boolean;
  /** An administrator's session to one of our portals, with a device of their own on it. */
  readonly sharedSession?: PathPlace;
  /** An administrator's record of one of our portals, without a session. */
  readonly record?: PathPlace;
}

/** A volume, behind the same LUN of one target or of both. */
export interface PlannedVolume {
  readonly targets: readonly TargetName[];
  readonly lun: number;
  readonly access: 'exclusive' | 'shared';
}

export type TargetName = 'a' | 'b';

/** Index into {@link PORTALS}. */
export interface PathPlace {
  readonly target: TargetName;
  readonly portal: number;
}

/** Portals two targets share, one of IPv6. */
export const PORTALS = [
  ...['10.0.0.1:3260', '10.0.0.2:3260', '10.0.0.3:3260', '10.0.0.4:3260'],
  '[fd00::7]:3260',
] as const;
export const TARGET_PORTALS: Readonly<Record<TargetName, readonly number[]>> = {
  a: [0, 1, 2, 3],
  b: [2, 3, 4],
};
export const TARGET_IQNS: Readonly<Record<TargetName, string>> = {
  a: 'iqn.2026-11.io.example:torture-a',
  b: 'iqn.2026-11.io.example:torture-b',
};

/** Something that happens so many milliseconds after its act began, whatever else is under way. */
export interface Timed {
  readonly atMs: number;
  readonly deed: Deed;
}

export type Deed = CallDeed | UserDeed | Disturbance;
export type DeedOf<Kind extends Deed['kind']> = Extract<Deed, { readonly kind: Kind }>;

interface OfVolume {
  /** Index into {@link Plan.volumes}. */
  readonly volume: number;
  /** Index into {@link Plan.hosts}. */
  readonly host: number;
}

export interface AttachDeed extends OfVolume {
  readonly kind: 'attach';
  /** The same text twice is the same request, sent again. */
  readonly requestId: string;
  readonly paths: readonly PathPlace[];
  /** Leaves it to a discovery at the first path's portal which paths there are. */
  readonly discovery: boolean;
  readonly access: 'exclusive' | 'shared';
  readonly multipath: 'required' | 'preferred' | 'off';
  readonly expect: 'right' | 'wrong' | 'absent';
  readonly onBoot: 'reattach' | 'none';
  readonly policy: Readonly<Record<string, number>>;
  /** What the caller does with the device as soon as it is there. */
  readonly then?: 'write' | 'mount' | 'hold-open';
  /** How long it is mounted or open then. */
  readonly forMs?: number;
}

export interface DetachDeed extends OfVolume {
  readonly kind: 'detach';
  readonly requestId: string;
  readonly mode: 'normal' | 'force';
}

/** What is asked of mooring. */
type CallDeed =
  | AttachDeed
  | DetachDeed
  | ({ readonly kind: 'cancel' | 'verify' | 'repair' | 'plan' } & OfVolume)
  | ({ readonly kind: 'approve'; readonly decision: 'approve' | 'refuse' } & OfVolume);

/** What the volume's user does, if the volume is attached then. */
type UserDeed =
  | ({ readonly kind: 'write' } & OfVolume)
  | ({ readonly kind: 'mount' | 'hold-open'; readonly forMs: number } & OfVolume);

/** What goes wrong. */
type Disturbance =
  | { readonly kind: 'fault'; readonly host: number; readonly fault: Fault; readonly forMs: number }
  | {
      readonly kind: 'portal';
      readonly portal: number;
      readonly condition: PortalCondition;
      readonly forMs: number;
    }
  /** The array maps another volume to the LUN behind everybody's back. */
  | {
      readonly kind: 'reuse-lun';
      readonly volume: number;
      readonly by: number;
      readonly forMs: number;
    }
  /** The worker ends in order, or dies; at a command, when that comes in time. */
  | { readonly kind: 'stop-worker'; readonly host: number; readonly forMs: number }
  | {
      readonly kind: 'kill-worker';
      readonly host: number;
      readonly at?: BoundarySpec;
      readonly forMs: number;
    }
  | { readonly kind: 'reboot'; readonly host: number; readonly offMs: number }
  /** Another control worker takes over. */
  | { readonly kind: 'change-control-worker' };

const CALLS: ReadonlySet<Deed['kind']> = new Set([
  ...(['attach', 'detach', 'cancel', 'verify', 'repair', 'plan', 'approve'] as const),
]);
const USES: ReadonlySet<Deed['kind']> = new Set(['write', 'mount', 'hold-open'] as const);

/** How much a plan asks for, and how much it has go wrong. */
export function countDeeds({ acts }: Plan): { operations: number; faults: number } {
  const kinds = acts.flat().map(({ deed }) => deed.kind);
  const operations = kinds.filter((kind) => CALLS.has(kind)).length;
  const uses = kinds.filter((kind) => USES.has(kind)).length;
  return { operations, faults: kinds.length - operations - uses };
}
