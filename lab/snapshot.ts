import type { HostState } from '../test/conformance/host-under-test.js';
import type { Guest } from './guest.js';

const SNAPSHOT_TIMEOUT_MS = 60_000;

/** What an attach changes on a host; two of them are equal when a detach has put everything back. */
export interface HostSnapshot {
  readonly sessions: readonly {
    readonly session: string;
    readonly targetIqn: string;
    readonly portal: string;
    readonly state: string;
  }[];
  /** open-iscsi's database: directories, and files by hash. */
  readonly nodeRecords: readonly TreeEntry[];
  readonly scsiDevices: readonly {
    readonly hctl: string;
    readonly disk?: string;
    readonly wwid?: string;
  }[];
  readonly maps: readonly {
    readonly name: string;
    readonly uuid: string;
    readonly label: string;
    readonly slaves: readonly string[];
  }[];
  /** The lines of `/etc/multipath/wwids` that are no comments. */
  readonly wwids: readonly string[];
  /** `/dev/disk/by-id`. */
  readonly links: readonly { readonly name: string; readonly device: string }[];
  /** `sdX WWID`, as multipathd sees them. */
  readonly multipathdPaths: readonly string[];
  /** `/run/mooring`. */
  readonly runTree: readonly TreeEntry[];
}

interface TreeEntry {
  readonly path: string;
  readonly sha256?: string;
  readonly target?: string;
  readonly special?: true;
}

/** Looks at everything at once, in one round trip. */
export async function takeHostSnapshot(guest: Guest): Promise<HostSnapshot> {
  return guest.ask<HostSnapshot>('hostSnapshot', {}, SNAPSHOT_TIMEOUT_MS);
}

/**
 * The same as scenarios compare it: a directory that is left empty is nothing that is left, nor are the
 * zeros that a power cut makes of a line multipathd has written and not synced. No tool reads them.
 */
export async function takeHostState(guest: Guest): Promise<HostState> {
  const seen = await takeHostSnapshot(guest);
  const files = (tree: readonly TreeEntry[]): TreeEntry[] =>
    tree.filter(({ sha256, target }) => sha256 !== undefined || target !== undefined);
  return {
    ...seen,
    nodeRecords: files(seen.nodeRecords),
    runTree: files(seen.runTree),
    wwids: seen.wwids.filter((line) => !/^[\0\s]*$/.test(line)),
  };
}
