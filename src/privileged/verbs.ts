import type { SessionEnd } from '../contract/path-key.js';
import type { DeviceUser } from '../host/facts.js';
import type { DiscoveredTarget } from '../host/iscsiadm/send-targets.js';

/** A session's end with the iface record it uses. */
export interface PortalTarget extends SessionEnd {
  readonly iface: string;
}

/** Credentials by reference; the verb resolves them on the host. */
export interface ChapReference {
  readonly username: string;
  readonly secretRef: string;
}

/** What a node record must say before the login. */
export interface NodeSettings {
  /** Whole seconds: iscsid counts in seconds. */
  readonly loginTimeoutSeconds: number;
  readonly chap?: ChapReference;
  readonly mutualChap?: ChapReference;
}

/** A portal to be asked for its targets. */
export interface DiscoveryInput {
  readonly portal: string;
  readonly iface: string;
  readonly chap?: ChapReference;
  readonly mutualChap?: ChapReference;
}

/** How a discovery ended. */
export type DiscoveryOutcome =
  | { readonly kind: 'found'; readonly targets: readonly DiscoveredTarget[] }
  | {
      readonly kind: 'refused' | 'no-target' | 'unreachable' | 'not-ready' | 'trouble' | 'overran';
      readonly exitCode?: number;
      readonly said: string;
    };

/** A SCSI device, and the identity without which it is not touched. */
export interface IdentifiedDevice {
  readonly hctl: string;
  /** In udev's form; the verb reads it anew and refuses another. */
  readonly wwid: string;
}

export interface EnsuredRecord {
  readonly made: boolean;
  readonly changed: boolean;
}

/** Why a login did not lead to a session. `unreachable` and `trouble` may pass. */
export type LoginOutcome =
  | { readonly kind: 'session'; readonly sid: number; readonly scsiHost: number }
  | {
      readonly kind: 'refused' | 'no-target' | 'unreachable' | 'not-ready' | 'trouble' | 'overran';
      readonly exitCode?: number;
      /** Cut and redacted. */
      readonly said: string;
    };

/** How a removal ended. */
export type RemovalOutcome =
  | { readonly kind: 'done' | 'already-gone' }
  /** A check on the root side failed; nothing was touched. */
  | { readonly kind: 'refused'; readonly said: string }
  | {
      readonly kind: 'busy' | 'failed' | 'timed-out';
      readonly exitCode?: number;
      readonly said: string;
    };

/** How the return of a node record to what it was ended. */
export type NodeRecordEnd =
  | { readonly kind: 'deleted' | 'restored' | 'already-gone' | 'not-ours' }
  | {
      readonly kind: 'busy' | 'failed' | 'timed-out';
      readonly exitCode?: number;
      readonly said: string;
    };

/** What becomes of a node record when its last user leaves; `keep`: it is not mooring's. */
export type NodeRecordFate = 'delete' | 'restore' | 'keep';

/** How an addition ended. */
export type AdditionOutcome =
  | { readonly kind: 'done' | 'already-so' }
  | { readonly kind: 'refused'; readonly said: string }
  | {
      readonly kind: 'failed' | 'timed-out' | 'not-ready';
      readonly exitCode?: number;
      readonly said: string;
    };

/** A path multipathd monitors. */
export interface MonitoredPath {
  readonly block: string;
  readonly wwid: string;
}

/**
 * The closed set of things mooring does as root. Arguments are plain data, validated again on the
 * root side; never a command line, never a kernel name alone. Every verb may be repeated. An
 * expected end is a value; a verb throws only `MissingProgram`, `SecretMissing`, `InvalidInput`
 * (names the field), `MalformedFact` (a file says what it cannot say: unknown) or what the file tree
 * threw.
 */
export interface PrivilegedVerbs {
  /** Whether open-iscsi has an iface record of this name. */
  hasIface(input: { readonly iface: string }): Promise<boolean>;
  /** Asks a portal for its targets and stores nothing of the answer. */
  discoverPortals(input: DiscoveryInput): Promise<DiscoveryOutcome>;
  /**
   * Makes a node record with manual scan and manual startup, bounded login, and these credentials
   * (none: old ones are wiped). Settings go into the 0600 record file, never into an argument.
   * `made` says whether the record was missing before, `changed` whether it said something else.
   *
   * @throws CommandFailure when iscsiadm made no record: its database is locked, say
   */
  ensureNodeRecord(input: PortalTarget & NodeSettings): Promise<EnsuredRecord>;
  /** Logs in and says which session sysfs shows afterwards, whatever iscsiadm answered. */
  logIn(input: PortalTarget & { readonly timeoutMs: number }): Promise<LoginOutcome>;
  /** Logs out exactly this session, after checking that it still is to this portal and target. */
  logOut(
    input: PortalTarget & { readonly sid: number; readonly timeoutMs: number },
  ): Promise<RemovalOutcome>;
  /**
   * Makes the node record what it was before mooring made or edited it: gone, or with its old text.
   * One that would go is kept (`busy`) while a session to this portal and target exists.
   */
  putBackNodeRecord(input: PortalTarget): Promise<NodeRecordEnd>;
  /** What `putBackNodeRecord` would do now. */
  nodeRecordFate(input: PortalTarget): Promise<NodeRecordFate>;
  /** Asks the kernel for exactly one LUN below one session. */
  scanLun(
    input: PortalTarget & { readonly sid: number; readonly lun: number },
  ): Promise<AdditionOutcome>;
  /** Whether a scan for this LUN that was asked for before has not ended yet. */
  isScanUnderWay(input: { readonly sid: number; readonly lun: number }): Promise<boolean>;
  /** Has the kernel ask a device once more who it is and how large; refused for another WWID. */
  rescanDevice(input: IdentifiedDevice & { readonly timeoutMs: number }): Promise<AdditionOutcome>;
  /** Asks multipathd for a map over these paths, explicitly: `find_multipaths strict` makes none. */
  ensureMap(input: {
    readonly wwid: string;
    readonly paths: readonly IdentifiedDevice[];
  }): Promise<AdditionOutcome>;
  /** Writes back what is dirty on the map or device. */
  flushMap(input: { readonly wwid: string; readonly timeoutMs: number }): Promise<RemovalOutcome>;
  flushDevice(input: IdentifiedDevice & { readonly timeoutMs: number }): Promise<RemovalOutcome>;
  /** Has the map fail I/O it keeps for lack of a path: that is lost. */
  disableQueueing(input: { readonly wwid: string }): Promise<RemovalOutcome>;
  /** Removes the map `mpath-<wwid>`; the kernel refuses while somebody has it open (`busy`). */
  removeMap(input: { readonly wwid: string; readonly timeoutMs: number }): Promise<RemovalOutcome>;
  /** Deletes the SCSI device if it has this WWID, and nothing but the volume's own map lies on it. */
  deleteDevice(
    input: IdentifiedDevice & {
      /** Its portal gives no answer: the kernel is told not to wait for one. */
      readonly isUnreachable?: boolean;
    },
  ): Promise<RemovalOutcome>;
  /** Takes the WWID out of multipath's wwids file. */
  forgetWwid(input: { readonly wwid: string }): Promise<RemovalOutcome>;
  /** Has multipathd drop paths of this WWID whose devices are gone. */
  forgetPaths(input: { readonly wwid: string }): Promise<RemovalOutcome>;
  /** Removes by-id links that dangle: those of this WWID, and those named because they led to its disks. */
  removeStaleLinks(input: {
    readonly wwid: string;
    readonly led?: readonly string[];
  }): Promise<{ readonly removed: readonly string[] }>;
  /** Programs that have block devices open, and mounts of them in any namespace. */
  findProcessUsers(input: { readonly blocks: readonly string[] }): Promise<readonly DeviceUser[]>;
  /** What multipathd monitors; `undefined` when the daemon does not answer (unknown, not none). */
  listMonitoredPaths(): Promise<readonly MonitoredPath[] | undefined>;
  /** Whether multipath's wwids file knows the WWID. */
  isWwidRemembered(input: { readonly wwid: string }): Promise<boolean>;
}

/** The secret behind a reference is absent or not private to root. Never carries the secret. */
export class SecretMissing extends Error {
  override readonly name = 'SecretMissing';
  readonly secretRef: string;
  constructor(secretRef: string, problem: string) {
    super(`secret ${secretRef}: ${problem}`);
    this.secretRef = secretRef;
  }
}
