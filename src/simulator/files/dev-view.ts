import type { RunningHost } from '../linux-host.js';
import { blockDevice, blockDevices } from './block-devices.js';
import {
  directory,
  link,
  listing,
  text,
  type Directory,
  type Entry,
  type FileEntry,
} from './entries.js';

/** A device node; what reading it would give, no file seam is asked for. */
const NODE: FileEntry = text('');

/** `/dev`: nodes of the block devices, made by the kernel at once, and udev's links. */
export function devView(host: RunningHost): Directory {
  const disk = directory({
    'by-id': () => linksBelow(host, 'disk/by-id/'),
    'by-path': () => linksBelow(host, 'disk/by-path/'),
  });
  const maps = (): Directory | undefined => linksBelow(host, 'mapper/');
  const mapperDirectory = listing(
    () => ['control', ...(maps()?.names() ?? [])],
    (name) => (name === 'control' ? NODE : maps()?.child(name)),
  );
  const fixed: Readonly<Record<string, Entry>> = { disk, mapper: mapperDirectory };
  return listing(
    () => [...Object.keys(fixed), ...blockDevices(host).map(({ block }) => block)],
    (name) => fixed[name] ?? (blockDevice(host, name) === undefined ? undefined : NODE),
  );
}

const below = new WeakMap<ReadonlyMap<string, string>, Map<string, Directory | undefined>>();

/** udev makes a directory with the first link in it, and removes it with the last. */
function linksBelow({ udev }: RunningHost, under: string): Directory | undefined {
  const links = udev.links();
  const seen = below.get(links) ?? new Map<string, Directory | undefined>();
  below.set(links, seen);
  if (!seen.has(under)) seen.set(under, directoryOf(links, under));
  return seen.get(under);
}

function directoryOf(links: ReadonlyMap<string, string>, under: string): Directory | undefined {
  const names = [...links.keys()].filter((name) => name.startsWith(under));
  if (names.length === 0) return undefined;
  return listing(
    () => names.map((name) => name.slice(under.length)),
    (name) => {
      const block = links.get(`${under}${name}`);
      return block === undefined ? undefined : link(`/dev/${block}`);
    },
  );
}
