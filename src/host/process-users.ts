import type { DeviceUser } from './facts.js';
import { blockBySource } from './device-users.js';
import { ifPresent, type FileTree } from './file-tree.js';
import { parseMountInfo } from './mounts.js';
import { partitionsOf } from './partitions.js';

/** It keeps every disk it knows open, and lets go of one that is taken away. */
const MULTIPATH_DAEMON = 'multipathd';

/** So many processes are looked at side by side: each look waits for the disk of nobody. */
const AT_ONCE = 16;

/** Block devices and their partitions, by number: `8:16` is `sdb`. */
type Wanted = ReadonlyMap<string, string>;

/**
 * Programs that have block devices or partitions of them open, and mounts of them in any mount
 * namespace: a container's mounts are in no other list, and its names for a device are its own. Needs root's rights to see the files of others.
 *
 * @throws what the file tree threw: a process that cannot be looked into may be the user
 */
export async function findProcessUsers(
  files: FileTree,
  blocks: readonly string[],
): Promise<readonly DeviceUser[]> {
  const wanted = await numbersOf(files, blocks);
  const pids = (await files.list('/proc')).filter((name) => /^\d+$/.test(name));
  const [opened, mounted] = await Promise.all([
    inTurns(pids, (pid) => openedBy(files, pid, wanted)),
    inTurns(await sameMountViews(files, pids), (group) => mountedIn(files, group, wanted)),
  ]);
  // Namespaces that were made from one another show the same mount many times.
  const mounts = new Map(mounted.map((user) => [`${user.block} ${user.name ?? ''}`, user]));
  return [...opened, ...mounts.values()];
}

async function inTurns<Item>(
  items: readonly Item[],
  look: (item: Item) => Promise<DeviceUser[]>,
): Promise<DeviceUser[]> {
  const found: DeviceUser[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    found.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(look))).flat());
  }
  return found;
}

async function numbersOf(files: FileTree, blocks: readonly string[]): Promise<Wanted> {
  const partitions = await Promise.all(blocks.map((block) => partitionsOf(files, block)));
  const wanted = new Map<string, string>();
  for (const block of [...blocks, ...partitions.flat()]) {
    const number = await ifPresent(files.readText(`/sys/class/block/${block}/dev`));
    if (number !== undefined) wanted.set(number.trim(), block);
  }
  return wanted;
}

async function openedBy(files: FileTree, pid: string, wanted: Wanted): Promise<DeviceUser[]> {
  const links = (await ifPresent(files.readLinks(`/proc/${pid}/fd`))) ?? {};
  // The link's own words first: to go where they lead could mean a file server that does not answer.
  const devices = Object.keys(links).filter((fd) => mayBeDisk(links[fd] ?? ''));
  const opened = await Promise.all(
    devices.map((fd) => ifPresent(openedBlock(files, wanted, `/proc/${pid}/fd/${fd}`))),
  );
  const blocks = new Set(opened.filter((block) => block !== undefined));
  if (blocks.size === 0) return [];
  const name = (await ifPresent(files.readText(`/proc/${pid}/comm`)))?.trim() ?? 'a program';
  if (name === MULTIPATH_DAEMON) return [];
  return [...blocks].map((block) => ({ block, kind: 'process', what: `pid ${pid}`, name }));
}

/** What nearly every program has open, and what is a disk nowhere. */
const NO_DISKS = /^\/dev\/(?:null|zero|full|u?random|console|kmsg|ptmx|tty\w*|pts\/\d+)$/;

function mayBeDisk(target: string): boolean {
  return target.startsWith('/dev/') && !NO_DISKS.test(target);
}

/** Which of the wanted a descriptor leads to. By the number: a container has names of its own. */
async function openedBlock(
  files: FileTree,
  wanted: Wanted,
  descriptor: string,
): Promise<string | undefined> {
  return wanted.get((await files.blockNumber(descriptor)) ?? '');
}

/** Processes of one mount namespace with one root see the same mounts; most of a host do. */
async function sameMountViews(
  files: FileTree,
  pids: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const groups = new Map<string, string[]>();
  for (const pid of pids) {
    const links = [`/proc/${pid}/ns/mnt`, `/proc/${pid}/root`];
    const view = await Promise.all(links.map((each) => ifPresent(files.readLink(each))));
    // One that does not say stands for itself.
    const key = view.includes(undefined) ? pid : view.join(' ');
    groups.set(key, [...(groups.get(key) ?? []), pid]);
  }
  return [...groups.values()];
}

/** Mounts as the first of these processes tells that has not ended. */
async function mountedIn(
  files: FileTree,
  pids: readonly string[],
  wanted: Wanted,
): Promise<DeviceUser[]> {
  const names = new Set(wanted.values());
  for (const pid of pids) {
    const text = await mountsOf(files, pid);
    // Empty for a process that is just ending.
    if (text === undefined || text === '') continue;
    const users: DeviceUser[] = [];
    for (const mount of parseMountInfo(text)) {
      const block = wanted.get(mount.devNumber) ?? (await blockBySource(files, mount, names));
      const what = `namespace of pid ${pid}`;
      if (block !== undefined) users.push({ block, kind: 'mount', what, name: mount.mountPoint });
    }
    return users;
  }
  return [];
}

/** `undefined` for a process that has ended: the kernel answers EINVAL as long as its entry is there. */
async function mountsOf(files: FileTree, pid: string): Promise<string | undefined> {
  try {
    return await ifPresent(files.readText(`/proc/${pid}/mountinfo`));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EINVAL') return undefined;
    throw error;
  }
}
