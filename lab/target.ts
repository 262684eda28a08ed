import type { Guest } from './guest.js';

export interface TargetLun {
  /** 0 to 255. */
  readonly lun: number;
  readonly sizeBytes: number;
  /** Hex digits; the WWID is made of the first 25: `36001405` and they, filled up with zeros. */
  readonly serial: string;
}

export interface Target {
  /** With a dotted domain: `iqn.2026-11.io.mooring:t1`. */
  readonly iqn: string;
  /** `address:port`, IPv6 in brackets; an address must be one of the guest's own, as 127.0.1.1 is. */
  readonly portals: readonly string[];
  readonly luns: readonly TargetLun[];
}

export interface ChapCredentials {
  readonly username: string;
  readonly secret: string;
}

/** The kernel target's configuration tree. */
const CONFIG = '/sys/kernel/config/target';
/** Where the volumes' data is; it survives a reboot, so a target made again has it still. */
const DATA = '/var/lib/lab';

/**
 * Makes a target of the guest's own kernel, open to every initiator, on several portals.
 *
 * Written straight to configfs: targetcli does the same and takes seconds under emulation.
 * A reboot takes the target away, not the data of its volumes: make it again with the same values.
 */
export async function createTarget(guest: Guest, { iqn, portals, luns }: Target): Promise<void> {
  const group = portalGroup(iqn);
  await guest.script(`
    modprobe -a target_core_mod target_core_file iscsi_target_mod
    mkdir -p /var/target/pr /var/target/alua ${DATA} ${CONFIG}/iscsi
    mkdir -p ${group}
    # Dynamic ACLs with write access: every initiator may log in, as with an array that knows our hosts.
    echo 1 > ${group}/attrib/generate_node_acls
    echo 0 > ${group}/attrib/demo_mode_write_protect
    echo 0 > ${group}/attrib/authentication
    ${portals.map((portal) => `mkdir -p ${group}/np/${portal}`).join('\n')}
    ${luns.map((lun) => addLunScript(iqn, lun)).join('\n')}
    echo 1 > ${group}/enable
  `);
}

/** Takes a target away with its volumes and their data; sessions to it lose their connection. */
export async function removeTarget(guest: Guest, iqn: string): Promise<void> {
  const group = portalGroup(iqn);
  await guest.script(`
    [ -d ${group} ] || exit 0
    echo 0 > ${group}/enable
    for lun in ${group}/lun/lun_*; do
      [ -d "$lun" ] || continue
      store=$(readlink -f "$lun"/*/ | grep /core/ | head -n 1)
      find "$lun" -maxdepth 1 -type l -delete
      rmdir "$lun"
      [ -z "$store" ] || rmdir "$store"
    done
    find ${group}/np -mindepth 1 -maxdepth 1 -type d -exec rmdir {} +
    rmdir ${group} ${CONFIG}/iscsi/${iqn}
    rm -f ${DATA}/${storeName(iqn)}-*
  `);
}

/** Makes a volume larger; the initiator sees it when it asks again. */
export async function growLun(guest: Guest, iqn: string, lun: TargetLun): Promise<void> {
  const name = `${storeName(iqn)}-${String(lun.lun)}`;
  await guest.script(`
    truncate -s ${String(lun.sizeBytes)} ${DATA}/${name}
    echo fd_dev_size=${String(lun.sizeBytes)} > ${CONFIG}/core/fileio_0/${name}/control
  `);
}

/** Asks initiators for these credentials at the next login, or for none. */
export async function setChap(
  guest: Guest,
  iqn: string,
  credentials: { readonly incoming?: ChapCredentials; readonly mutual?: ChapCredentials },
): Promise<void> {
  const { incoming, mutual } = credentials;
  const group = portalGroup(iqn);
  await guest.script(`
    echo ${incoming === undefined ? '0' : '1'} > ${group}/attrib/authentication
    ${setCredentials(`${group}/auth`, incoming)}
    ${setCredentials(`${group}/auth`, mutual, '_mutual')}
  `);
}

/** What `/sys/block/sdX/device/wwid` and multipathd will say of a volume with this serial. */
export function wwidOf(serial: string): { readonly naa: string; readonly dm: string } {
  const digits = serial.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
  const naa = `6001405${digits.slice(0, 25).padEnd(25, '0')}`;
  return { naa: `naa.${naa}`, dm: `3${naa}` };
}

function portalGroup(iqn: string): string {
  return `${CONFIG}/iscsi/${iqn}/tpgt_1`;
}

/** Unique for a target, and safe as a file name. */
function storeName(iqn: string): string {
  return iqn.replaceAll(/[^A-Za-z0-9]/g, '_');
}

function addLunScript(iqn: string, { lun, sizeBytes, serial }: TargetLun): string {
  const name = `${storeName(iqn)}-${String(lun)}`;
  const store = `${CONFIG}/core/fileio_0/${name}`;
  const place = `${portalGroup(iqn)}/lun/lun_${String(lun)}`;
  return `
    truncate -s ${String(sizeBytes)} ${DATA}/${name}
    mkdir -p ${store}
    echo fd_dev_name=${DATA}/${name},fd_dev_size=${String(sizeBytes)} > ${store}/control
    echo 1 > ${store}/enable
    echo ${serial} > ${store}/wwn/vpd_unit_serial
    mkdir -p ${place}
    ln -s ${store} ${place}/volume
  `;
}

function setCredentials(
  directory: string,
  credentials: ChapCredentials | undefined,
  suffix = '',
): string {
  // The kernel takes the word NULL as "none".
  const { username, secret } = credentials ?? { username: 'NULL', secret: 'NULL' };
  return `
    echo -n '${username}' > ${directory}/userid${suffix}
    echo -n '${secret}' > ${directory}/password${suffix}
  `;
}
