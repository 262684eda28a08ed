import { z } from 'zod';
import { FIXED_BOUNDS } from '../contract/policy.js';
import { MULTIPATH_MODES } from './attach-request.js';
import type { PlannedStep } from './plan.js';
import { chapSchema } from './connection.js';
import {
  hostIdSchema,
  ifaceSchema,
  portalSchema,
  targetNameSchema,
  wwidSchema,
} from './formats.js';

/**
 * Inputs and results of the steps on a host. They are stored in histories: add fields as optional,
 * rename none.
 */

const millisecondsSchema = z.number().int().positive().max(86_400_000);
/** The kernel's LUN number, addressing mode applied: up to 16 bits and the flat-space bit. */
const kernelLunSchema = z.number().int().min(0).max(0xff_ff_ff_ff);
const hctlSchema = z.string().regex(/^\d+:\d+:\d+:\d+$/);

/** What every step carries: which host it must run on, and for which attachment. */
const stepSchema = z.object({
  hostId: hostIdSchema,
  /** The system seen at attach; another one under the same host id is refused. */
  machineId: z.string().min(1).optional(),
  /** Owner of the claims, see `claimOwnerId`. */
  owner: z.string().min(1).max(255),
});

/** One way to the volume as the host sees it. */
export const hostPathSchema = z.object({
  portal: portalSchema,
  iqn: targetNameSchema,
  /** Kernel's number. */
  lun: kernelLunSchema,
  iface: ifaceSchema,
});
export type HostPath = z.infer<typeof hostPathSchema>;

const pathsSchema = z.array(hostPathSchema).max(FIXED_BOUNDS.pathsMax);
const devicesSchema = z
  .array(z.object({ hctl: hctlSchema, wwid: wwidSchema }))
  .max(4 * FIXED_BOUNDS.pathsMax);

/** Where and in which boot a result was seen. */
export interface Seen {
  readonly bootId: string;
  readonly machineId: string;
}

export const ensureSessionInputSchema = stepSchema.extend({
  path: hostPathSchema,
  chap: chapSchema.optional(),
  mutualChap: chapSchema.optional(),
  loginTimeoutMs: millisecondsSchema,
});
export type EnsureSessionInput = z.infer<typeof ensureSessionInputSchema>;

export interface SessionResult extends Seen {
  readonly sid: number;
  /** The session was there before; somebody else, or an earlier try, made it. */
  readonly alreadyOpen: boolean;
}

export const checkHostInputSchema = stepSchema.extend({
  iface: ifaceSchema,
  /** The request is of no use without multipathd. */
  needsMultipath: z.boolean(),
});

export const discoverPathsInputSchema = stepSchema.extend({
  portal: portalSchema,
  iqn: targetNameSchema,
  iface: ifaceSchema,
  chap: chapSchema.optional(),
  mutualChap: chapSchema.optional(),
  /** To the portal's first answer; the discovery itself has the bound of every iscsiadm call. */
  portalWaitMs: millisecondsSchema,
});
export type DiscoverPathsInput = z.infer<typeof discoverPathsInputSchema>;

export interface DiscoveryResult extends Seen {
  /** Portals of the target, normalised, in the array's order. */
  readonly portals: readonly string[];
  /** How many other targets the portal named. They are left alone. */
  readonly otherTargets: number;
}

export const findPathDeviceInputSchema = stepSchema.extend({
  path: hostPathSchema,
  expectWwid: wwidSchema.optional(),
  /** A portal may have several sessions; with this the LUN is looked for below each of them. */
  everySession: z.boolean().optional(),
  waitMs: millisecondsSchema,
});
export type FindPathDeviceInput = z.infer<typeof findPathDeviceInputSchema>;

export interface PathDeviceResult extends Seen {
  /** `/dev/sdX` in this boot. */
  readonly device: string;
  readonly hctl: string;
  readonly sid: number;
  /** In udev's form. */
  readonly wwid: string;
  readonly sizeBytes: number;
  /** H:C:T:L of the same LUN below the portal's other sessions, if it has any. */
  readonly twins?: readonly string[];
}

export const ensureMapInputSchema = stepSchema.extend({
  wwid: wwidSchema,
  devices: devicesSchema.min(1),
  multipath: z.enum(MULTIPATH_MODES),
  /** The targets the volume is wanted from; another one that states its WWID is refused. */
  targets: z.array(targetNameSchema).optional(),
  expectSizeBytes: z.number().int().positive().optional(),
  waitMs: millisecondsSchema,
});
export type EnsureMapInput = z.infer<typeof ensureMapInputSchema>;

export interface VolumeDeviceResult extends Seen {
  readonly kind: 'multipath' | 'single';
  /** `/dev/dm-N` or `/dev/sdX` in this boot. */
  readonly device: string;
  readonly stablePath: string;
  readonly wwid: string;
  readonly sizeBytes: number;
  /** H:C:T:L of the paths that carry I/O: those in the map, or the one device. */
  readonly carriers: readonly string[];
  readonly warnings: readonly string[];
}

export const inspectAttachmentInputSchema = stepSchema.extend({
  paths: pathsSchema,
  wwid: wwidSchema,
});
export type InspectAttachmentInput = z.infer<typeof inspectAttachmentInputSchema>;

/** One check before a removal, with what was seen. */
export interface GateEvidence {
  readonly gate: string;
  readonly passed: boolean;
  readonly evidence: string;
}

/** A SCSI device that carries the volume. */
export interface FoundDevice {
  readonly hctl: string;
  /** `/dev/sdX` in this boot. */
  readonly device: string;
}

export interface InspectionResult extends Seen {
  /** The map over the volume, if there is one. */
  readonly map?: { readonly device: string; readonly name: string };
  readonly devices: readonly FoundDevice[];
  /** How many of the devices take I/O. */
  readonly usable: number;
  readonly gates: readonly GateEvidence[];
}

export const flushDeviceInputSchema = stepSchema.extend({
  wwid: wwidSchema,
  paths: pathsSchema,
  /** The one device that carried I/O when there was no map. */
  carrier: hctlSchema.optional(),
  /**
   * `write-back` (default): what cannot be written back ends the step · `may-be-lost`: a person has
   * approved that it is lost · `discard`: nothing may be written, another host may have the volume
   */
  data: z.enum(['write-back', 'may-be-lost', 'discard']).optional(),
  timeoutMs: millisecondsSchema,
});
export type FlushDeviceInput = z.infer<typeof flushDeviceInputSchema>;

export interface RemovalResult extends Seen {
  /** What was taken away, for people: `map mpatha`, `sdb (2:0:0:4)`. */
  readonly removed: readonly string[];
  readonly kept: readonly string[];
  readonly warnings?: readonly string[];
  /** Every gate that was judged on the way. */
  readonly gates?: readonly GateEvidence[];
}

export const removePathDevicesInputSchema = stepSchema.extend({
  paths: pathsSchema,
  /** Absent when an attach failed before any path was identified. */
  wwid: wwidSchema.optional(),
  /** `detach` removes the volume's devices; `undo` only those this attachment brought in. */
  purpose: z.enum(['detach', 'undo']),
  waitMs: millisecondsSchema,
});
export type RemovePathDevicesInput = z.infer<typeof removePathDevicesInputSchema>;

export const releaseSessionInputSchema = stepSchema.extend({
  path: hostPathSchema,
  timeoutMs: millisecondsSchema,
});
export type ReleaseSessionInput = z.infer<typeof releaseSessionInputSchema>;

export const verifyAbsentInputSchema = stepSchema.extend({
  paths: pathsSchema,
  wwid: wwidSchema.optional(),
});
export type VerifyAbsentInput = z.infer<typeof verifyAbsentInputSchema>;

export const planDetachInputSchema = stepSchema.extend({
  wwid: wwidSchema,
  paths: pathsSchema,
  carrier: hctlSchema.optional(),
});
export type PlanDetachInput = z.infer<typeof planDetachInputSchema>;

export interface PlanDetachResult extends Seen {
  readonly steps: readonly PlannedStep[];
}

/** The steps that run on a host, as the workflows see them. */
export interface HostSteps {
  checkHost(input: z.infer<typeof checkHostInputSchema>): Promise<Seen>;
  discoverPaths(input: DiscoverPathsInput): Promise<DiscoveryResult>;
  ensureSession(input: EnsureSessionInput): Promise<SessionResult>;
  findPathDevice(input: FindPathDeviceInput): Promise<PathDeviceResult>;
  ensureMap(input: EnsureMapInput): Promise<VolumeDeviceResult>;
  inspectAttachment(input: InspectAttachmentInput): Promise<InspectionResult>;
  planDetach(input: PlanDetachInput): Promise<PlanDetachResult>;
  flushDevice(input: FlushDeviceInput): Promise<RemovalResult>;
  removePathDevices(input: RemovePathDevicesInput): Promise<RemovalResult>;
  releaseSession(input: ReleaseSessionInput): Promise<RemovalResult>;
  verifyAbsent(input: VerifyAbsentInput): Promise<RemovalResult>;
}

/** Whether a host's worker can be seen from the Temporal server. */
export interface HostPresence {
  readonly polling: boolean;
  /** ISO time of the last poll, as far back as the server remembers (5 minutes). */
  readonly lastSeen?: string;
}

/** The steps that need the Temporal server and no host. */
export interface ControlSteps {
  /** Open attachments of the same volume in the other access mode. */
  findConflicts(input: {
    readonly volumeId: string;
    readonly hostId: string;
    readonly access: 'exclusive' | 'shared';
  }): Promise<readonly { readonly workflowId: string; readonly hostId?: string }[]>;
  describeHost(input: { readonly hostId: string }): Promise<HostPresence>;
  /** Sends an update to the entity and waits for its outcome. */
  attachThroughEntity(request: unknown): Promise<unknown>;
  detachThroughEntity(request: unknown): Promise<unknown>;
}
