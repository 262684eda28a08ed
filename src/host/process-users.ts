import type { DeviceUser } from './facts.js';
import { ifPresent, type FileTree } from './file-tree.js';
import { parseMountInfo } from './mounts.js';

/** It keeps every disk it knows open, and lets go of one that is taken away. */
const MULTIPATH_DAEMON = 'multipathd';

/** So many processes are looked at side by side: each look waits for the disk of nobody. */
const AT_ONCE = 16;

interface Wanted {
  /** `/dev/sdb` to `sdb`. */
  readonly byPath: ReadonlyMap<string, string>;
  /** `8:16` to `sdb`. */
  readonly byNumber: ReadonlyMap<string, string>;
}

/**
 * Programs that have block devices open, and mounts of them in any mount namespace: a container's
 * mounts are in no other list. Needs root's rights to see the files of others.
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
  const byNumber = new Map<string, string>();
  for (const block of blocks) {
    const number = await ifPresent(files.readText(`/sys/class/block/${block}/dev`));
    if (number !== undefined) byNumber.set(number.trim(), block);
  }
  return { byPath: new Map(blocks.map((block) => [`/dev/${block}`, block])), byNumber };
}

async function openedBy(files: FileTree, pid: string, { byPath }: Wanted): Promise<DeviceUser[]> {
  const fds = (await ifPresent(files.list(`/proc/${pid}/fd`))) ?? [];
  // The link's own words: to go where they lead could mean a file server that does not answer.
  const targets = await Promise.all(
    fds.map((fd) => ifPresent(files.readLink(`/proc/${pid}/fd/${fd}`))),
  );
  const blocks = new Set(targets.flatMap((target) => byPath.get(target ?? '') ?? []));
  if (blocks.size === 0) return [];
  const name = (await ifPresent(files.readText(`/proc/${pid}/comm`)))?.trim() ?? 'a program';
  if (name === MULTIPATH_DAEMON) return [];
  return [...blocks].map((block) => ({ block, kind: 'process', what: `pid ${pid}`, name }));
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
  { byNumber }: Wanted,
): Promise<DeviceUser[]> {
  for (const pid of pids) {
    const text = await mountsOf(files, pid);
    // Empty for a process that is just ending.
    if (text === undefined || text === '') continue;
    return parseMountInfo(text).flatMap(({ devNumber, mountPoint }) => {
      const block = byNumber.get(devNumber);
      if (block === undefined) return [];
      return [{ block, kind: 'mount' as const, what: `namespace of pid ${pid}`, name: mountPoint }];
    });
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
