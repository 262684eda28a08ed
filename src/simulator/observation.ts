import type { LinuxHost } from './linux-host.js';
import { NODES_DIRECTORY } from './userland/node-database.js';

/** A file with its content. */
interface ObservedFile {
  readonly path: string;
  readonly text: string;
}

/** Everything on a host that an attach may leave behind, in a comparable form: sorted, no times. */
export interface HostSnapshot {
  readonly bootId: string;
  readonly sessions: readonly {
    readonly sid: number;
    readonly targetIqn: string;
    readonly portal: string;
    readonly iface: string;
    readonly state: string;
  }[];
  readonly records: readonly ObservedFile[];
  readonly devices: readonly {
    readonly hctl: string;
    readonly block: string;
    readonly wwid: string;
    readonly sizeBytes: number;
    readonly state: string;
  }[];
  readonly maps: readonly {
    readonly block: string;
    readonly name: string;
    readonly uuid: string;
    readonly sizeBytes: number;
    readonly slaves: readonly string[];
  }[];
  readonly wwids: readonly string[];
  /** Links below `/dev/disk/by-id`, by name; `target` is where they point, there or not. */
  readonly byIdLinks: readonly { readonly name: string; readonly target: string }[];
  /** Absent when multipathd does not run. */
  readonly monitoredPaths?: readonly { readonly block: string; readonly wwid: string }[];
  readonly runFiles: readonly ObservedFile[];
}

const RUN_DIRECTORY = '/mooring';

/** Looks at a host from outside: no command runs, nothing is waited for. */
export function observe(host: LinuxHost): HostSnapshot {
  const { boot, initiator, scsi, mapper, udev, multipathd, run } = host.running;
  const byId = [...udev.links()].filter(([name]) => name.startsWith('disk/by-id/'));
  return {
    bootId: boot.id,
    sessions: initiator.sessions.map(({ sid, iqn, portal, iface, state }) => ({
      sid,
      targetIqn: iqn,
      portal,
      iface,
      state,
    })),
    records: host.disk
      .files(NODES_DIRECTORY)
      .map(({ path, text }) => ({ path: `${NODES_DIRECTORY}/${path}`, text })),
    devices: sortedBy(scsi.devices, ({ hctl }) => hctl).map((device) => {
      const { hctl, block, wwid, sizeBytes, state } = device;
      return { hctl, block, wwid, sizeBytes, state };
    }),
    maps: sortedBy(mapper.devices, ({ block }) => block).map((map) => {
      const { block, name, uuid, sizeBytes, slaves } = map;
      return { block, name, uuid, sizeBytes, slaves: [...slaves].sort() };
    }),
    wwids: host.wwids.wwids.sort(),
    byIdLinks: sortedBy(
      byId.map(([name, block]) => ({
        name: name.slice('disk/by-id/'.length),
        target: `/dev/${block}`,
      })),
      ({ name }) => name,
    ),
    ...(multipathd.isRunning
      ? { monitoredPaths: sortedBy(multipathd.paths, ({ block }) => block) }
      : {}),
    runFiles: run
      .files(RUN_DIRECTORY)
      .map(({ path, text }) => ({ path: `/run${RUN_DIRECTORY}/${path}`, text })),
  };
}

function sortedBy<Item>(items: readonly Item[], key: (item: Item) => string): Item[] {
  return [...items].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}
