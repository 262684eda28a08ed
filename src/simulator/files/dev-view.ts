import type { RunningHost } from '../linux-host.js';
import { directory, link, listing, text, type Directory, type Entry } from './entries.js';

/** `/dev`: nodes of the block devices, made by the kernel at once, and udev's links. */
export function devView(host: RunningHost): Directory {
  const { scsi, mapper, udev } = host;
  const blocks = (): string[] => [...scsi.devices, ...mapper.devices].map(({ block }) => block);
  const linksBelow = (under: string): Directory =>
    listing(
      () => [...udev.links().keys()].filter((name) => name.startsWith(under)).map(lastPart),
      (name) => {
        const block = udev.links().get(`${under}${name}`);
        return block === undefined ? undefined : link(`/dev/${block}`);
      },
    );
  const fixed: Record<string, () => Entry> = {
    disk: () =>
      directory({
        'by-id': () => linksBelow('disk/by-id/'),
        'by-path': () => linksBelow('disk/by-path/'),
      }),
    mapper: () => linksBelow('mapper/'),
  };
  return listing(
    () => [...Object.keys(fixed), ...blocks()],
    (name) => fixed[name]?.() ?? (blocks().includes(name) ? text('') : undefined),
  );
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
