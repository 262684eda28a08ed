import { createHash } from 'node:crypto';
import { blockDevices } from './files/block-devices.js';
import type { DiskDirectory } from './files/disk-files.js';
import type { LinuxHost, RunningHost } from './linux-host.js';
import { NODES_DIRECTORY } from './userland/node-database.js';

/** A file by its hash, or a link. A directory that is left empty is nothing that is left. */
export interface TreeEntry {
  readonly path: string;
  readonly sha256?: string;
  readonly target?: string;
}

/**
 * Everything on a host that an attach changes: comparable, sorted, without times. The shape, field by
 * field, is that of the lab's snapshot of a real host, so that the two can be laid side by side.
 */
export interface HostSnapshot {
  readonly sessions: readonly {
    readonly session: string;
    readonly targetIqn: string;
    /** `address:port` as the kernel shows them, IPv6 without brackets. */
    readonly portal: string;
    readonly state: string;
  }[];
  /** open-iscsi's database. */
  readonly nodeRecords: readonly TreeEntry[];
  readonly scsiDevices: readonly {
    readonly hctl: string;
    readonly disk: string;
    /** As the kernel says it; absent for a unit that states none. */
    readonly wwid?: string;
  }[];
  /** Every device-mapper device. `name` is the kernel's, `label` device-mapper's own. */
  readonly maps: readonly {
    readonly name: string;
    readonly uuid: string;
    readonly label: string;
    readonly slaves: readonly string[];
  }[];
  /** The lines of `/etc/multipath/wwids` that are no comments. */
  readonly wwids: readonly string[];
  /** `/dev/disk/by-id`; `device` is `nowhere` when a link dangles. */
  readonly links: readonly { readonly name: string; readonly device: string }[];
  /** `sdX WWID`, as multipathd sees them. */
  readonly multipathdPaths: readonly string[];
  /** `/run/mooring` */
  readonly runTree: readonly TreeEntry[];
}

const RUN_DIRECTORY = '/mooring';

/** Looks at a host from outside: no command runs, nothing is waited for. */
export function observe(host: LinuxHost): HostSnapshot {
  const { running } = host;
  const { initiator, scsi, mapper, multipathd, run } = running;
  return {
    sessions: sortedBy(
      initiator.sessions.map(({ sid, iqn, address, port, state }) => ({
        session: `session${sid}`,
        targetIqn: iqn,
        portal: `${address}:${port}`,
        state,
      })),
      ({ session }) => session,
    ),
    nodeRecords: treeBelow(host.disk, NODES_DIRECTORY, NODES_DIRECTORY),
    scsiDevices: sortedBy(
      scsi.devices.map(({ hctl, block, wwid }) => ({
        hctl,
        disk: block,
        ...(wwid === '' ? {} : { wwid }),
      })),
      ({ hctl }) => hctl,
    ),
    maps: sortedBy(
      mapper.devices.map(({ block, uuid, name, slaves }) => ({
        name: block,
        uuid,
        label: name,
        slaves: [...slaves].sort(),
      })),
      ({ name }) => name,
    ),
    wwids: host.wwids.wwids.map((wwid) => `/${wwid}/`).sort(),
    links: linksById(running),
    multipathdPaths: multipathd.isRunning
      ? multipathd.paths.map(({ block, wwid }) => `${block} ${wwid}`).sort()
      : ['multipathd does not answer'],
    runTree: treeBelow(run, RUN_DIRECTORY, `/run${RUN_DIRECTORY}`),
  };
}

function linksById(running: RunningHost): HostSnapshot['links'] {
  const blocks = new Set(blockDevices(running).map(({ block }) => block));
  const links = [...running.udev.links()].filter(([name]) => name.startsWith('disk/by-id/'));
  return sortedBy(
    links.map(([name, block]) => ({
      name: name.slice('disk/by-id/'.length),
      device: blocks.has(block) ? block : 'nowhere',
    })),
    ({ name }) => name,
  );
}

/** @param shownAs - the directory's path on the whole machine */
function treeBelow(disk: DiskDirectory, directory: string, shownAs: string): TreeEntry[] {
  return disk.tree(directory).map(({ path, text, target }) => ({
    path: `${shownAs}/${path}`,
    ...(text === undefined ? {} : { sha256: createHash('sha256').update(text).digest('hex') }),
    ...(target === undefined ? {} : { target }),
  }));
}

function sortedBy<Item>(items: readonly Item[], key: (item: Item) => string): Item[] {
  return [...items].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}
