import { parsePortal } from '../../src/contract/portal.js';
import { MemoryFileTree } from './memory-file-tree.js';

export const IQN = 'iqn.2026-11.io.example:array1';
export const PORTAL = '10.0.0.1:3260';
export const WWID = '36001405bea237473c2c4f98b14c7c293';
export const OTHER_WWID = '360014050000000000000000000000002';
/** 64 MiB in the kernel's 512-byte sectors. */
const SECTORS = 131_072;

export interface SessionToBuild {
  readonly sid?: number;
  readonly scsiHost?: number;
  readonly iqn?: string;
  readonly portal?: string;
  readonly iface?: string;
  readonly state?: string;
}

/** Adds an iSCSI session without devices, laid out as kernel 6.1 does. */
export function addSession(tree: MemoryFileTree, session: SessionToBuild = {}): string {
  const { sid = 1, scsiHost = sid + 1, iqn = IQN, portal = PORTAL } = session;
  const { address, port } = parsePortal(portal);
  const place = `/sys/devices/platform/host${scsiHost}/session${sid}`;
  const own = `${place}/iscsi_session/session${sid}`;
  const connection = `${place}/connection${sid}:0/iscsi_connection/connection${sid}:0`;
  tree
    .file(`${own}/targetname`, `${iqn}\n`)
    .file(`${own}/state`, `${session.state ?? 'LOGGED_IN'}\n`)
    .file(`${own}/ifacename`, `${session.iface ?? 'default'}\n`)
    .file(`${connection}/persistent_address`, `${address}\n`)
    .file(`${connection}/persistent_port`, `${port}\n`)
    .file(`/sys/class/scsi_host/host${scsiHost}/scan`)
    .link(`/sys/class/iscsi_session/session${sid}`, own)
    .link(`/sys/class/iscsi_connection/connection${sid}:0`, connection);
  return place;
}

export interface ScsiDeviceToBuild {
  /** `undefined`: the unit states none. */
  readonly wwid?: string | undefined;
  readonly block?: string;
  readonly state?: string;
  readonly sectors?: number;
  /** `8:16` */
  readonly devNumber?: string;
  readonly sid?: number;
  readonly lun?: number;
}

/** Adds a disk below a session of {@link addSession}; answers its H:C:T:L. */
export function addScsiDevice(tree: MemoryFileTree, device: ScsiDeviceToBuild = {}): string {
  const { sid = 1, lun = 4, block = 'sdb', devNumber = '8:16' } = device;
  const scsiHost = sid + 1;
  const hctl = `${scsiHost}:0:0:${lun}`;
  const place = `/sys/devices/platform/host${scsiHost}/session${sid}/target${scsiHost}:0:0/${hctl}`;
  const wwid = 'wwid' in device ? device.wwid : WWID;
  tree
    .file(`${place}/state`, `${device.state ?? 'running'}\n`)
    .file(`${place}/delete`)
    .file(`${place}/block/${block}/size`, `${device.sectors ?? SECTORS}\n`)
    .file(`${place}/block/${block}/dev`, `${devNumber}\n`)
    .directory(`${place}/block/${block}/holders`)
    .directory(`${place}/block/${block}/slaves`)
    .link(`${place}/block/${block}/device`, place)
    .link(`/sys/class/block/${block}`, `${place}/block/${block}`)
    .link(`/sys/class/scsi_device/${hctl}`, `${place}/scsi_device/${hctl}`)
    .link(`${place}/scsi_device/${hctl}/device`, place)
    .file(`/dev/${block}`);
  if (wwid === undefined) tree.unreadable(`${place}/wwid`, 'ENXIO');
  else tree.file(`${place}/wwid`, `naa.${wwid.slice(1)}\n`);
  return hctl;
}

/** Takes a disk away, as the kernel does. */
export function dropScsiDevice(tree: MemoryFileTree, hctl: string, block: string): void {
  const [scsiHost] = hctl.split(':');
  const sid = Number(scsiHost) - 1;
  tree
    .drop(`/sys/class/block/${block}`)
    .drop(`/sys/class/scsi_device/${hctl}`)
    .drop(`/sys/devices/platform/host${scsiHost}/session${sid}/target${scsiHost}:0:0/${hctl}`)
    .drop(`/dev/${block}`);
}

export interface DmToBuild {
  readonly block?: string;
  readonly name?: string;
  readonly uuid?: string;
  readonly slaves?: readonly string[];
  readonly suspended?: boolean;
  readonly devNumber?: string;
}

/** Adds a device-mapper device, by default the multipath map over {@link WWID}. */
export function addDm(tree: MemoryFileTree, dm: DmToBuild = {}): string {
  const { block = 'dm-3', name = WWID, uuid = `mpath-${WWID}` } = dm;
  const place = `/sys/devices/virtual/block/${block}`;
  tree
    .file(`${place}/dm/name`, `${name}\n`)
    .file(`${place}/dm/uuid`, `${uuid}\n`)
    .file(`${place}/dm/suspended`, dm.suspended === true ? '1\n' : '0\n')
    .file(`${place}/size`, `${SECTORS}\n`)
    .file(`${place}/dev`, `${dm.devNumber ?? '253:3'}\n`)
    .directory(`${place}/slaves`)
    .directory(`${place}/holders`)
    .link(`/sys/class/block/${block}`, place)
    .file(`/dev/${block}`);
  for (const slave of dm.slaves ?? []) {
    tree.link(`${place}/slaves/${slave}`, `/sys/class/block/${slave}`);
    addHolder(tree, slave, block);
  }
  return block;
}

/** Takes a device-mapper device away, and its mark on what it lay on. */
export async function dropDm(tree: MemoryFileTree, block: string): Promise<void> {
  const place = `/sys/devices/virtual/block/${block}`;
  for (const slave of await tree.list(`${place}/slaves`)) {
    tree.drop(`${await tree.realPath(`/sys/class/block/${slave}`)}/holders/${block}`);
  }
  tree.drop(place).drop(`/sys/class/block/${block}`).drop(`/dev/${block}`);
}

/** Says that `holder` lies on `block`. Both directions, as the kernel does. */
export function addHolder(tree: MemoryFileTree, block: string, holder: string): void {
  const place = block.startsWith('dm-')
    ? `/sys/devices/virtual/block/${block}`
    : realBlock(tree, block);
  tree.link(`${place}/holders/${holder}`, `/sys/class/block/${holder}`);
}

/** Adds a partition to a disk of {@link addScsiDevice}. */
export function addPartition(
  tree: MemoryFileTree,
  disk: string,
  partition: { readonly block: string; readonly devNumber: string },
): void {
  const place = `${realBlock(tree, disk)}/${partition.block}`;
  tree
    .file(`${place}/partition`, '1\n')
    .file(`${place}/dev`, `${partition.devNumber}\n`)
    .directory(`${place}/holders`)
    .link(`/sys/class/block/${partition.block}`, place)
    .file(`/dev/${partition.block}`);
}

/** One line of mountinfo. */
export interface MountToBuild {
  readonly devNumber: string;
  readonly mountPoint: string;
  readonly source: string;
}

const ROOT_MOUNT: MountToBuild = { devNumber: '254:1', mountPoint: '/', source: '/dev/vda1' };

/** Sets what is mounted; there is always a root. */
export function setMounts(
  tree: MemoryFileTree,
  mounts: readonly MountToBuild[],
  path = '/proc/1/mountinfo',
): void {
  const lines = [ROOT_MOUNT, ...mounts].map(
    ({ devNumber, mountPoint, source }, index) =>
      `${20 + index} 1 ${devNumber} / ${mountPoint} rw,relatime shared:1 - ext4 ${source} rw\n`,
  );
  tree.file(path, lines.join(''));
}

/** A host with nothing on it but its own disk's mounts. */
export function emptyHost(): MemoryFileTree {
  const tree = new MemoryFileTree();
  setMounts(tree, []);
  setMounts(tree, [], '/proc/self/mountinfo');
  tree.file('/proc/swaps', 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n');
  return tree;
}

/** Where the directory of a block device is; the builders know it without asking asynchronously. */
function realBlock(tree: MemoryFileTree, block: string): string {
  const target = tree.targetOf(`/sys/class/block/${block}`);
  if (target === undefined) throw new Error(`${block} was not built`);
  return target;
}
