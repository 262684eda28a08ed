import type { Guest } from './guest.js';

/** A volume as the array has it, whether a LUN leads to it or not. */
export interface Unit {
  /** Hex digits; the WWID is made of the first 25: `36001405` and they, filled up with zeros. */
  readonly serial: string;
  readonly sizeBytes: number;
}

export interface Target {
  /** With a dotted domain: `iqn.2026-11.io.mooring:t1`. */
  readonly iqn: string;
  /** `address:port`, IPv6 in brackets; an address must be one of the guest's own, as 127.0.1.1 is. */
  readonly portals: readonly string[];
  /** One group of all portals, or a group of each, so that a LUN can be at some portals only. */
  readonly groups: 'one' | 'per-portal';
  /** Its units take no writes. */
  readonly readOnly?: boolean;
}

/** A LUN leads to a unit at these portals; without `portals` at all of the target's. */
export interface Mapping {
  /** 0 to 255. */
  readonly lun: number;
  readonly portals?: readonly string[];
}

interface ChapCredentials {
  readonly username: string;
  readonly secret: string;
}

/** What an initiator must prove, and what the target proves to it. */
export interface Chap {
  readonly incoming?: ChapCredentials;
  readonly mutual?: ChapCredentials;
}

/** The kernel target's configuration tree. */
const CONFIG = '/sys/kernel/config/target';
const DISCOVERY = `${CONFIG}/iscsi/discovery_auth`;
/** Where the units' data is; it survives a reboot, so a unit made again has it still. */
const DATA = '/var/lib/lab';

/**
 * Makes a target of the guest's own kernel, open to every initiator; repeatable.
 *
 * Written straight to configfs: targetcli does the same and takes seconds under emulation.
 * A reboot takes the target and its LUNs away, not the data of the units.
 */
export async function createTarget(guest: Guest, target: Target): Promise<void> {
  const groups = groupsOf(target).map(({ path, portals }) => {
    const places = portals.map((portal) => `mkdir -p ${path}/np/${portal}`);
    return `
      mkdir -p ${path}
      # Dynamic ACLs with write access: every initiator may log in, as with an array that knows our hosts.
      echo 1 > ${path}/attrib/generate_node_acls
      echo ${target.readOnly === true ? '1' : '0'} > ${path}/attrib/demo_mode_write_protect
      echo 0 > ${path}/attrib/authentication
      ${places.join('\n')}
      echo 1 > ${path}/enable`;
  });
  await guest.script(`
    modprobe -a target_core_mod target_core_file iscsi_target_mod
    mkdir -p /var/target/pr /var/target/alua ${DATA} ${CONFIG}/iscsi
    ${groups.join('\n')}`);
}

/** Takes a target away with its LUNs; sessions to it lose their connection, units stay. */
export async function removeTarget(guest: Guest, iqn: string): Promise<void> {
  await guest.script(`
    [ -d ${CONFIG}/iscsi/${iqn} ] || exit 0
    for group in ${CONFIG}/iscsi/${iqn}/tpgt_*; do
      echo 0 > $group/enable
      for lun in $group/lun/lun_*; do
        [ -d "$lun" ] || continue
        find "$lun" -maxdepth 1 -type l -delete
        rmdir "$lun"
      done
      find $group/np -mindepth 1 -maxdepth 1 -type d -exec rmdir {} +
      rmdir $group
    done
    rmdir ${CONFIG}/iscsi/${iqn}`);
}

/** Makes units no LUN leads to yet; repeatable. */
export async function createUnits(guest: Guest, units: readonly Unit[]): Promise<void> {
  const made = units.map((unit) => {
    const { serial, sizeBytes } = unit;
    return `
      if ! [ -d ${storeOf(unit)} ]; then
        truncate -s ${String(sizeBytes)} ${dataOf(unit)}
        mkdir -p ${storeOf(unit)}
        echo fd_dev_name=${dataOf(unit)},fd_dev_size=${String(sizeBytes)} > ${storeOf(unit)}/control
        echo 1 > ${storeOf(unit)}/enable
        echo ${serial} > ${storeOf(unit)}/wwn/vpd_unit_serial
      fi`;
  });
  await guest.script(made.join('\n'));
}

/** Takes units away with their data; no LUN may lead to them. */
export async function removeUnits(guest: Guest, units: readonly Unit[]): Promise<void> {
  const gone = units.map((unit) => `rmdir ${storeOf(unit)}; rm -f ${dataOf(unit)}`);
  await guest.script(gone.join('\n'));
}

/** Makes a unit larger; the initiator sees it when it asks again. */
export async function growUnit(guest: Guest, unit: Unit): Promise<void> {
  await guest.script(`
    truncate -s ${String(unit.sizeBytes)} ${dataOf(unit)}
    echo fd_dev_size=${String(unit.sizeBytes)} > ${storeOf(unit)}/control`);
}

/** Has LUNs lead to units; what they led to before, they lead to no more. */
export async function mapLuns(
  guest: Guest,
  target: Target,
  mappings: readonly (Mapping & { readonly unit: Unit })[],
): Promise<void> {
  const steps = mappings.map((mapping) => {
    const places = placesOf(target, mapping).map(
      (place) => `mkdir -p ${place} && ln -s ${storeOf(mapping.unit)} ${place}/unit`,
    );
    return [...removal(placesOf(target, mapping)), ...places].join('\n');
  });
  await guest.script(steps.join('\n'));
}

/** Takes a LUN away, under whoever uses it. */
export async function unmapLun(guest: Guest, target: Target, mapping: Mapping): Promise<void> {
  await guest.script(removal(placesOf(target, mapping)).join('\n'));
}

/** Asks initiators for these credentials at the next login, or for none. */
export async function setChap(guest: Guest, target: Target, chap: Chap): Promise<void> {
  const { incoming, mutual } = chap;
  const steps = groupsOf(target).flatMap(({ path }) => [
    `echo ${incoming === undefined ? '0' : '1'} > ${path}/attrib/authentication`,
    setCredentials(`${path}/auth`, incoming),
    setCredentials(`${path}/auth`, mutual, '_mutual'),
  ]);
  await guest.script(steps.join('\n'));
}

/** The same for sendtargets discovery, of all targets. */
export async function setDiscoveryChap(guest: Guest, chap: Chap): Promise<void> {
  const { incoming, mutual } = chap;
  await guest.script(`
    ${setCredentials(DISCOVERY, incoming)}
    ${setCredentials(DISCOVERY, mutual, '_mutual')}
    echo ${incoming === undefined ? '0' : '1'} > ${DISCOVERY}/enforce_discovery_auth`);
}

/** What `/sys/block/sdX/device/wwid` and multipathd will say of a unit with this serial. */
export function wwidOf({ serial }: Pick<Unit, 'serial'>): {
  readonly naa: string;
  readonly dm: string;
} {
  const digits = serial.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
  const naa = `6001405${digits.slice(0, 25).padEnd(25, '0')}`;
  return { naa: `naa.${naa}`, dm: `3${naa}` };
}

function groupsOf({ iqn, portals, groups }: Target): {
  readonly path: string;
  readonly portals: readonly string[];
}[] {
  const parts = groups === 'one' ? [portals] : portals.map((portal) => [portal]);
  return parts.map((part, index) => ({
    path: `${CONFIG}/iscsi/${iqn}/tpgt_${String(index + 1)}`,
    portals: part,
  }));
}

/** The directories of a LUN, one in each group that shows it. */
function placesOf(target: Target, { lun, portals }: Mapping): string[] {
  return groupsOf(target)
    .filter((group) => portals === undefined || group.portals.some((it) => portals.includes(it)))
    .map(({ path }) => `${path}/lun/lun_${String(lun)}`);
}

function removal(places: readonly string[]): string[] {
  return places.map(
    (place) =>
      `[ ! -d ${place} ] || { find ${place} -maxdepth 1 -type l -delete; rmdir ${place}; }`,
  );
}

function storeOf({ serial }: Unit): string {
  return `${CONFIG}/core/fileio_0/${serial}`;
}

/** The file that holds what is on a unit. */
export function dataOf({ serial }: Unit): string {
  return `${DATA}/${serial}`;
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
    echo -n '${secret}' > ${directory}/password${suffix}`;
}
