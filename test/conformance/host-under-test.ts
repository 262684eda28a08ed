import type { MooringClient } from '../../src/client/mooring-client.js';
import { POLICY_BOUNDS } from '../../src/contract/policy.js';
import type { AttachRequestInput } from '../../src/model/attach-request.js';
import type { AttachResult, DetachResult } from '../../src/model/attach-result.js';
import type { AttachmentView } from '../../src/model/attachment.js';

/** Everything on a host that must be as before when a volume is gone: one comparable object. */
export interface HostState {
  readonly sessions: readonly {
    readonly session: string;
    readonly targetIqn: string;
    readonly portal: string;
    readonly state: string;
  }[];
  /** Files of open-iscsi's node database. */
  readonly nodeRecords: readonly { readonly path: string; readonly sha256?: string }[];
  readonly scsiDevices: readonly {
    readonly hctl: string;
    readonly disk?: string;
    /** As the kernel says it. */
    readonly wwid?: string;
  }[];
  /** Device-mapper devices: the kernel's name, device-mapper's own as `label`. */
  readonly maps: readonly {
    readonly name: string;
    readonly uuid: string;
    readonly label: string;
    readonly slaves: readonly string[];
  }[];
  /** Lines of multipath's wwids file: `/WWID/`. */
  readonly wwids: readonly string[];
  readonly links: readonly { readonly name: string; readonly device: string }[];
  readonly multipathdPaths: readonly string[];
  readonly runTree: readonly { readonly path: string; readonly sha256?: string }[];
}

/**
 * A host's state while something is attached: without links and monitored paths, which udev and
 * multipathd still put in order for a moment after a map has come up.
 */
export function settledPart(state: HostState): Partial<HostState> {
  const { links: _links, multipathdPaths: _paths, ...settled } = state;
  return settled;
}

/** One LUN of the array, as a scenario asks for it. */
export interface Volume {
  readonly volumeId: string;
  /** Target it is mapped at. */
  readonly iqn: string;
  /** The LUN as the array counts; 0 to 255 on the real host. */
  readonly lun: number;
  /** In udev's form. */
  readonly wwid: string;
  readonly sizeBytes: number;
}

/** Where a volume is to be had. */
export interface VolumePlace {
  /** Default: the host's own target. */
  readonly iqn?: string;
  /** The portals that show it; only at a target of {@link HostUnderTest.addTarget} with groups. */
  readonly portals?: readonly string[];
  /** `false`: it exists, and no LUN leads to it until {@link HostUnderTest.mapVolume}. */
  readonly mapped?: boolean;
  /** A certain LUN at a target of {@link HostUnderTest.addTarget}; default: the next free one. */
  readonly lun?: number;
}

/** A user name with its secret, in clear: of tests only. */
export interface Credentials {
  readonly username: string;
  readonly secret: string;
}

/** How a command ended that an administrator ran on the host. */
export interface CommandEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program misbehaves from now on; the real one's name and arguments decide which runs. */
export interface ToolFault {
  readonly program: 'iscsiadm' | 'multipathd' | 'multipath' | 'sync';
  /**
   * `fails`: does nothing and ends like this. `lies`: does its work and then ends like this.
   * `hangs`: does nothing and does not end. `missing`: is not installed.
   */
  readonly how: 'fails' | 'lies' | 'hangs' | 'missing';
  /** A text in the arguments, joined by blanks; all runs without it. */
  readonly matching?: string;
  /** How many runs; default all. */
  readonly times?: number;
  /** Default 0. */
  readonly exitCode?: number;
  readonly stderr?: string;
  /** One that hangs stays when it is asked to end (TERM). */
  readonly ignoresTerm?: boolean;
}

/**
 * How somebody uses a device: a mount, a mount that only a container sees, swap, or a program that has
 * it open. What a scenario wrote at its start stays as it is.
 */
export type DeviceUse = 'mount' | 'mount elsewhere' | 'swap' | 'program';

/** Why a scenario cannot run on a host: a physical reason, shown in the table. */
export class CannotRunHere extends Error {
  override readonly name = 'CannotRunHere';
}

/**
 * A host with an array behind it, simulated or real; a scenario never knows which. Four portals of
 * one target, several LUNs, mooring's workers running.
 *
 * What an experimenter changes (portals, targets, configuration, daemons) `reset` puts back.
 */
export interface HostUnderTest {
  readonly kind: 'simulated' | 'real';
  readonly hostId: string;
  readonly iqn: string;
  /** `address:port` of the four portals. */
  readonly portals: readonly string[];
  /** An IPv6 portal of the same target, with capital letters and zeros that normalising takes out. */
  readonly ipv6Portal: string;
  /** The typed client, for what the short forms below do not offer. */
  readonly mooring: MooringClient;

  /** A LUN no other scenario of this run uses. */
  freshVolume(place?: VolumePlace): Promise<Volume>;
  attach(request: AttachRequestInput): Promise<AttachResult>;
  /** @param mode - default `normal` */
  detach(volumeId: string, mode?: 'normal' | 'force'): Promise<DetachResult>;
  state(volumeId: string): Promise<AttachmentView>;

  // The network.
  /** Packets to the portal vanish. */
  dropPortal(portal: string): Promise<void>;
  /** New connections are refused, live ones reset. */
  resetPortal(portal: string): Promise<void>;
  /** So many of a hundred packets to and from every portal are lost. */
  losePackets(percent: number): Promise<void>;
  restorePortals(): Promise<void>;

  // The array.
  /**
   * Another target at the same addresses; `groups: 'per-portal'` lets a LUN be at some portals only.
   * `addressing: 'flat'` decodes flat space addressing (SAM-2 4.9.4); LIO cannot, so the real host
   * throws {@link CannotRunHere}.
   */
  addTarget(options?: {
    readonly groups?: 'one' | 'per-portal';
    readonly addressing?: 'flat';
    /** Its units take no writes. */
    readonly readOnly?: boolean;
  }): Promise<{
    readonly iqn: string;
    readonly portals: readonly string[];
  }>;
  mapVolume(volume: Volume): Promise<void>;
  unmapVolume(volume: Volume): Promise<void>;
  /** The LUN of `old` leads to `other` from now on, behind the host's back. */
  reuseLun(old: Volume, other: Volume): Promise<void>;
  /** What logins to the target must prove from now on; nothing when left out. */
  setChap(
    iqn: string,
    chap: { readonly incoming?: Credentials; readonly mutual?: Credentials },
  ): Promise<void>;
  /** The same for sendtargets discovery, of the whole array. */
  setDiscoveryChap(chap: { readonly incoming?: Credentials }): Promise<void>;

  // The host.
  hostState(): Promise<HostState>;
  /** Runs a tool as an administrator of the host would. */
  run(
    program: 'iscsiadm' | 'multipathd' | 'multipath',
    args: readonly string[],
  ): Promise<CommandEnd>;
  readFile(path: string): Promise<string | undefined>;
  writeFile(path: string, text: string): Promise<void>;
  /** Takes away a file or a link; one that is not there already is fine. */
  removeFile(path: string): Promise<void>;
  /** Names below a directory; none when it is missing. */
  list(path: string): Promise<readonly string[]>;
  /** Where a link leads in the end, `undefined` when nowhere. */
  resolveLink(path: string): Promise<string | undefined>;
  /** Block devices below a map, as the kernel shows them now. */
  slavesOf(device: string): Promise<readonly string[]>;
  /** Writes text at the start of a device and makes sure that it went through it. */
  write(device: string, text: string): Promise<void>;
  read(device: string, length: number): Promise<string>;
  /** Puts a partition table with one partition on the device, and has the kernel read it. */
  partition(device: string): Promise<void>;
  /** Another device-mapper device on top, as LVM or dm-crypt make; taken away by `removeHolder`. */
  addHolder(
    device: string,
    holder: { readonly name: string; readonly uuid: string },
  ): Promise<void>;
  removeHolder(name: string): Promise<void>;
  /** Somebody uses the device until `endUse`; one use at a time. */
  use(device: string, how: DeviceUse): Promise<void>;
  endUse(): Promise<void>;
  /** Has the kernel ask a disk once more who it is, as an administrator does after a change. */
  rescan(device: string): Promise<void>;
  /** Stores a secret where mooring's host worker finds it; @returns the reference. */
  storeSecret(name: string, secret: string): Promise<string>;
  /** Defaults section of multipath.conf; the daemon has taken it in when this ends. */
  configureMultipath(settings: {
    readonly findMultipaths?: 'strict' | 'smart' | 'yes' | 'no';
    readonly friendlyNames?: boolean;
  }): Promise<void>;
  /** udev handles no event until `releaseUdev`: no links, no map by multipathd. */
  holdUdev(): Promise<void>;
  releaseUdev(): Promise<void>;
  /** The real host throws {@link CannotRunHere} where the tool cannot be made to. */
  misbehave(fault: ToolFault): Promise<void>;
  /** Ends what `misbehave` began. */
  mend(): Promise<void>;
  stopMultipathd(): Promise<void>;
  startMultipathd(): Promise<void>;

  /**
   * The host goes down, `clean` or as if its power was cut, and comes up again with its worker. The
   * array stays as it is.
   */
  reboot(how: 'clean' | 'power cut'): Promise<void>;

  // mooring's host worker.
  /** Kills the host worker as the kernel would: no chance to clean up. */
  killWorker(): Promise<void>;
  startWorker(): Promise<void>;
  /** Starts another one for the same host beside it; @returns how that ended, which it must soon. */
  startSecondWorker(): Promise<CommandEnd>;
  /** Everything it has written since it was started first, as JSON lines. */
  workerLog(): Promise<string>;
  /** Everything it and the server show of this volume: history as JSON, for a look for secrets. */
  historyText(volumeId: string): Promise<string>;

  /** Everything an experimenter changed is as at the start. */
  reset(): Promise<void>;
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
    connection: { paths: portals.map((portal) => ({ portal, iqn: volume.iqn, lun: volume.lun })) },
    ...more,
    policy: { pathGraceMs: PATIENT_GRACE_MS, ...more.policy },
  };
}
