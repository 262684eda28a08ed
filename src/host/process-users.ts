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
  const users: DeviceUser[] = [];
  const seenMounts = new Set<string>();
  for (let start = 0; start < pids.length; start += AT_ONCE) {
    const found = await Promise.all(
      pids
        .slice(start, start + AT_ONCE)
        .map(async (pid) => [
          ...(await openedBy(files, pid, wanted)),
          ...(await mountedBy(files, pid, wanted, seenMounts)),
        ]),
    );
    users.push(...found.flat());
  }
  return users;
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
  const targets = await Promise.all(
    fds.map((fd) => ifPresent(files.realPath(`/proc/${pid}/fd/${fd}`))),
  );
  const blocks = new Set(targets.flatMap((target) => byPath.get(target ?? '') ?? []));
  if (blocks.size === 0) return [];
  const name = (await ifPresent(files.readText(`/proc/${pid}/comm`)))?.trim() ?? 'a program';
  if (name === MULTIPATH_DAEMON) return [];
  return [...blocks].map((block) => ({ block, kind: 'process', what: `pid ${pid}`, name }));
}

async function mountedBy(
  files: FileTree,
  pid: string,
  { byNumber }: Wanted,
  seen: Set<string>,
): Promise<DeviceUser[]> {
  const text = await mountsOf(files, pid);
  // Empty for a process that is just ending; the namespaces of most are the same.
  if (text === undefined || text === '' || seen.has(text)) return [];
  seen.add(text);
  return parseMountInfo(text).flatMap(({ devNumber, mountPoint }) => {
    const block = byNumber.get(devNumber);
    if (block === undefined) return [];
    return [{ block, kind: 'mount' as const, what: `${mountPoint} (namespace of pid ${pid})` }];
  });
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
