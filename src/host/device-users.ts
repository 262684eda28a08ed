import type { DeviceUser } from './facts.js';
import { ifPresent, type FileTree } from './file-tree.js';
import { parseMountInfo, parseSwaps, type MountFact } from './mounts.js';
import { partitionsOf } from './partitions.js';
import { readDmAttribute } from './sysfs/dm-map.js';

const BLOCKS = '/sys/class/block';

/** A block device, a partition of one, or a partition map over one. */
interface WatchedBlock {
  readonly block: string;
  /** Major and minor as mountinfo writes them: `253:3`. */
  readonly devNumber: string;
}

/**
 * Who uses these block devices or their partitions: holders in device-mapper and md, loop devices,
 * mounts, swap.
 *
 * A partition map over a multipath map (uuid `part1-mpath-…`) is no user by itself: udev makes them
 * unasked, and the removal of the map takes them along unless they are in use themselves.
 *
 * Mounts of the host's first namespace and of our own are seen. What is mounted in a container only
 * keeps a map open, so the kernel refuses to remove it.
 *
 * @throws what the file tree threw: an unreadable list of users is not an empty one
 */
export async function findDeviceUsers(
  files: FileTree,
  blocks: readonly string[],
  ignoredHolders: readonly string[] = [],
): Promise<readonly DeviceUser[]> {
  const ignored = new Set(ignoredHolders);
  const watched: WatchedBlock[] = [];
  const users: DeviceUser[] = [];
  for (const block of new Set(blocks)) {
    await follow(files, block, { ignored, watched, users });
  }
  const [mounts, swaps] = await Promise.all([readMounts(files), readSwaps(files)]);
  const blockOf = new Map(watched.map(({ block, devNumber }) => [devNumber, block]));
  const names = new Set(watched.map(({ block }) => block));
  for (const mount of mounts) {
    const block = blockOf.get(mount.devNumber) ?? (await blockBySource(files, mount, names));
    if (block !== undefined) users.push({ block, kind: 'mount', what: mount.mountPoint });
  }
  for (const swap of swaps) {
    const block = await kernelName(files, swap);
    if (names.has(block)) users.push({ block, kind: 'swap', what: swap });
  }
  users.push(...(await loopsOver(files, names)));
  return dropRepeated(users);
}

interface Findings {
  readonly ignored: ReadonlySet<string>;
  readonly watched: WatchedBlock[];
  readonly users: DeviceUser[];
}

/** Notes a block device and what lies directly on it; goes on into its partitions. */
async function follow(files: FileTree, block: string, found: Findings): Promise<void> {
  if (found.watched.some((other) => other.block === block)) return;
  const path = `${BLOCKS}/${block}`;
  const devNumber = await ifPresent(files.readText(`${path}/dev`));
  // A device that has gone has no users.
  if (devNumber === undefined) return;
  found.watched.push({ block, devNumber: devNumber.trim() });
  for (const holder of (await ifPresent(files.list(`${path}/holders`))) ?? []) {
    if (found.ignored.has(holder)) continue;
    if (await isPartitionMap(files, holder)) await follow(files, holder, found);
    else
      found.users.push({ block, kind: 'holder', what: holder, ...(await dmName(files, holder)) });
  }
  for (const partition of await partitionsOf(files, block)) await follow(files, partition, found);
}

async function isPartitionMap(files: FileTree, holder: string): Promise<boolean> {
  const uuid = await readDmAttribute(files, holder, 'uuid');
  return uuid !== undefined && /^part\d+-mpath-/.test(uuid);
}

/** What device-mapper calls the holder: an administrator knows `vg0-data`, not `dm-7`. */
async function dmName(files: FileTree, holder: string): Promise<{ name?: string }> {
  const name = await readDmAttribute(files, holder, 'name');
  return name === undefined ? {} : { name };
}

async function readMounts(files: FileTree): Promise<readonly MountFact[]> {
  // Absence is no answer here: /proc hidden from us is not a host without mounts.
  const texts = await Promise.all([
    files.readText('/proc/1/mountinfo'),
    files.readText('/proc/self/mountinfo'),
  ]);
  return texts.flatMap(parseMountInfo);
}

async function readSwaps(files: FileTree): Promise<readonly string[]> {
  // Absent in a kernel without swap.
  const text = await ifPresent(files.readText('/proc/swaps'));
  return text === undefined ? [] : parseSwaps(text);
}

/** A loop device is in no list of holders, and no program has open what it lies on. */
async function loopsOver(files: FileTree, names: ReadonlySet<string>): Promise<DeviceUser[]> {
  const loops = ((await ifPresent(files.list(BLOCKS))) ?? []).filter((name) =>
    /^loop\d+$/.test(name),
  );
  const found = await Promise.all(
    loops.map(async (loop): Promise<DeviceUser[]> => {
      const backing = await ifPresent(files.readText(`${BLOCKS}/${loop}/loop/backing_file`));
      const block = backing === undefined ? '' : await kernelName(files, backing.trim());
      return names.has(block) ? [{ block, kind: 'holder', what: loop }] : [];
    }),
  );
  return found.flat();
}

/**
 * The watched device a mount says it is of. Needed for btrfs and the like: they show a device number
 * of their own (major 0), which names no block device.
 */
export async function blockBySource(
  files: FileTree,
  mount: MountFact,
  names: ReadonlySet<string>,
): Promise<string | undefined> {
  if (!mount.devNumber.startsWith('0:') || !mount.source.startsWith('/dev/')) return undefined;
  const block = await kernelName(files, mount.source);
  return names.has(block) ? block : undefined;
}

/** `dm-3` for `/dev/mapper/mpatha`; what is no device has its own last word. */
async function kernelName(files: FileTree, path: string): Promise<string> {
  const real = path.startsWith('/dev/') ? await ifPresent(files.realPath(path)) : undefined;
  return (real ?? path).split('/').at(-1) ?? path;
}

function dropRepeated(users: readonly DeviceUser[]): readonly DeviceUser[] {
  const byText = new Map(users.map((user) => [`${user.kind} ${user.block} ${user.what}`, user]));
  return [...byText.values()];
}
