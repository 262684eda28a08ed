import type { Mount, Program } from '../kernel/device-users.js';
import type { RunningHost } from '../linux-host.js';
import { blockDevice } from './block-devices.js';
import {
  attribute,
  directory,
  fixed,
  link,
  listing,
  text,
  type Directory,
  type Entry,
  type FileEntry,
} from './entries.js';

/** `/proc`, as far as it tells about boots, mounts, swap and programs that have a device open. */
export function procView(host: RunningHost): Directory {
  const mountinfo = (): FileEntry => text(mountInfo(host, host.users.mounts));
  const init = (): Directory => directory({ mountinfo, fd: () => directory({}) });
  const others: Record<string, () => Entry> = {
    '1': init,
    self: init,
    swaps: () => text(swaps(host)),
    sys: () =>
      directory({
        kernel: () =>
          directory({ random: () => directory({ boot_id: () => attribute(host.boot.id) }) }),
      }),
  };
  const pids = (): string[] => host.users.programs.map(({ open }) => String(FIRST_PID + open));
  return listing(
    () => [...Object.keys(others), ...pids()],
    (name) => {
      const other = others[name]?.();
      if (other !== undefined) return other;
      const user = host.users.programs.find(({ open }) => String(FIRST_PID + open) === name);
      return user === undefined ? undefined : programDirectory(host, user);
    },
  );
}

function programDirectory(
  host: RunningHost,
  { open, block, name, mountPoint }: Program,
): Directory {
  const { mounts } = host.users;
  const own = mountPoint === undefined ? [] : [{ id: FIRST_PID + open, block, point: mountPoint }];
  const fds = mountPoint === undefined ? { '3': link(`/dev/${block}`) } : {};
  return directory({
    mountinfo: () => text(mountInfo(host, [...mounts, ...own])),
    fd: () => fixed(fds),
    comm: () => attribute(name),
  });
}

/** Programs that have a device open come after the machine's own. */
const FIRST_PID = 1_000;

/** The machine's own file systems, shortened. */
const OWN_MOUNTS = `21 27 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
22 27 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
25 27 0:23 / /run rw,nosuid,nodev,noexec,relatime shared:5 - tmpfs tmpfs rw,size=203492k,mode=755
27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
`;

function mountInfo(host: RunningHost, mounts: readonly Mount[]): string {
  const lines = mounts.map(({ id, block, point }) => {
    const source = escape(deviceName(host, block));
    const options = 'rw,relatime shared:60';
    return `${id} 27 ${devNumber(host, block)} / ${escape(point)} ${options} - ext4 ${source} rw\n`;
  });
  return OWN_MOUNTS + lines.join('');
}

const SWAPS_HEADING = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
const NAME_COLUMN = 40;
const KIB = 1024;

function swaps(host: RunningHost): string {
  const lines = host.users.swaps.map((block) => {
    const name = `/dev/${block}`.padEnd(NAME_COLUMN);
    return `${name}partition\t${host.io.sizeBytes(block) / KIB}\t\t0\t\t-2\n`;
  });
  return SWAPS_HEADING + lines.join('');
}

/** How mount(8) names a device it was given by any of its names. */
function deviceName({ mapper }: RunningHost, block: string): string {
  const map = mapper.ofBlock(block);
  return map === undefined ? `/dev/${block}` : `/dev/mapper/${map.name}`;
}

function devNumber(host: RunningHost, block: string): string {
  return blockDevice(host, block)?.devNumber ?? '0:0';
}

/** The kernel's way with blanks in its lists (`seq_path`). */
function escape(name: string): string {
  return name.replaceAll(
    /[ \t\n\\]/g,
    (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}
