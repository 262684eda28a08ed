import { POLICY_BOUNDS } from '../../src/contract/policy.js';
import type { AttachRequestInput } from '../../src/model/attach-request.js';
import type { AttachResult, DetachResult } from '../../src/model/attach-result.js';
import type { AttachmentView } from '../../src/model/attachment.js';

/** Everything on a host that must be as before when a volume is gone: one comparable object. */
export type HostState = Readonly<Record<string, unknown>>;

/**
 * A host's state while something is attached: without links and monitored paths, which udev and
 * multipathd still put in order for a moment after a map has come up.
 */
export function settledPart(state: HostState): HostState {
  const passing = new Set(['links', 'byIdLinks', 'multipathdPaths', 'monitoredPaths']);
  return Object.fromEntries(Object.entries(state).filter(([name]) => !passing.has(name)));
}

/** One LUN of the array, as a scenario asks for it. */
export interface Volume {
  readonly volumeId: string;
  readonly lun: number;
  /** In udev's form. */
  readonly wwid: string;
  readonly sizeBytes: number;
}

/**
 * A host with an array behind it, simulated or real; a scenario never knows which. Four portals of
 * one target, several LUNs, mooring's workers running.
 */
export interface HostUnderTest {
  readonly kind: 'simulated' | 'real';
  readonly hostId: string;
  readonly iqn: string;
  /** `address:port` of the four portals. */
  readonly portals: readonly string[];
  /** A LUN no other scenario of this run uses. */
  freshVolume(): Promise<Volume>;

  attach(request: AttachRequestInput): Promise<AttachResult>;
  detach(volumeId: string): Promise<DetachResult>;
  state(volumeId: string): Promise<AttachmentView>;

  /** Packets to the portal vanish. */
  dropPortal(portal: string): Promise<void>;
  restorePortals(): Promise<void>;

  hostState(): Promise<HostState>;
  /** Block devices below a map, as the kernel shows them now. */
  slavesOf(device: string): Promise<readonly string[]>;
  /** Writes text at the start of a device and makes sure that it went through it. */
  write(device: string, text: string): Promise<void>;
  read(device: string, length: number): Promise<string>;
  mount(device: string): Promise<void>;
  unmount(device: string): Promise<void>;

  /** Kills the host worker as the kernel would: no chance to clean up. */
  killWorker(): Promise<void>;
  startWorker(): Promise<void>;
}

/**
 * The grace of a scenario that is about all four paths: on an emulated CPU the last comes seconds
 * after the first, which the product's own grace rightly does not wait for.
 */
const PATIENT_GRACE_MS = 20_000;
/** The product's own. */
export const DEFAULT_GRACE = { pathGraceMs: POLICY_BOUNDS.pathGraceMs.default };

/** The request for a volume over some of the portals. */
export function requestFor(
  host: HostUnderTest,
  volume: Volume,
  more: Partial<AttachRequestInput> = {},
  portals: readonly string[] = host.portals,
): AttachRequestInput {
  return {
    volumeId: volume.volumeId,
    hostId: host.hostId,
    connection: { paths: portals.map((portal) => ({ portal, iqn: host.iqn, lun: volume.lun })) },
    ...more,
    policy: { pathGraceMs: PATIENT_GRACE_MS, ...more.policy },
  };
}
