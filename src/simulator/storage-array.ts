import { normalisePortal } from '../contract/portal.js';
import { ChangeBell } from './change-bell.js';
import { VolumeContent } from './volume-content.js';

/** What a volume is; `name` is the array's own and tells apart two that carry the same WWID. */
export interface VolumeSpec {
  /** Default: the WWID. */
  readonly name?: string;
  /** As the kernel says it: `naa.6001405…`; empty for a unit that states none. */
  readonly wwid: string;
  readonly sizeBytes: number;
  readonly serial?: string;
  /**
   * The unit has a cache of its own, so a flush asks it even when nothing is dirty.
   * @default false: LIO's file units say `write through`
   */
  readonly writeCache?: boolean;
}

export interface Volume {
  readonly name: string;
  readonly wwid: string;
  readonly serial: string;
  readonly writeCache: boolean;
  sizeBytes: number;
  /** A partition table with one partition is on it. */
  partitioned: boolean;
  readonly content: VolumeContent;
}

export interface ChapSecret {
  readonly username: string;
  readonly secret: string;
}

export interface TargetSpec {
  readonly iqn: string;
  /** `10.0.0.1:3260`, `[fd00::7]:3260`. */
  readonly portals: readonly string[];
  /** What an initiator must prove. */
  readonly chap?: ChapSecret;
  /** What the target proves to an initiator that asks. */
  readonly mutualChap?: ChapSecret;
  /**
   * Portal groups: all portals in one, or each in a group of its own, as arrays number them that map
   * LUNs port by port.
   * @default 'one'
   */
  readonly groups?: 'one' | 'per-portal';
  /**
   * `flat`: decodes flat space addressing (SAM-2 4.9.4) and reports LUNs from 256 on in it. LIO, the
   * default, takes every number as it comes.
   */
  readonly addressing?: 'flat';
  /** Its units take no writes. */
  readonly readOnly?: boolean;
}

/** One line of a sendtargets answer. */
export interface DiscoveredPortal {
  readonly iqn: string;
  readonly portal: string;
  readonly tpgt: number;
}

/** One unit behind a target, at some of its portals or at all. */
export interface Mapping {
  readonly iqn: string;
  readonly lun: number;
  /** The volume's name. */
  readonly volume: string;
  readonly portals?: readonly string[];
}

/** How a portal answers. `wrong-target`: it is alive and knows no target of that name. */
export type PortalCondition =
  | { readonly kind: 'up' | 'dropped' | 'resetting' | 'wrong-target' }
  | { readonly kind: 'slow'; readonly latencyMs: number };

/** What an initiator says about itself in a login. */
export interface LoginAttempt {
  readonly iqn: string;
  readonly portal: string;
  readonly chap?: ChapSecret;
  readonly mutualChap?: ChapSecret;
}

/** What an array answers to sendtargets. */
export type DiscoveryAnswer = readonly DiscoveredPortal[] | 'unauthorised';

export type LoginAnswer = 'accepted' | 'no-target' | 'unauthorised' | 'target-not-authentic';

interface Target extends TargetSpec {
  /** One LUN may be another unit at other portals. */
  readonly mappings: Map<number, readonly PlacedUnit[]>;
}

interface PlacedUnit {
  readonly volume: string;
  /** Absent: at all of them. */
  readonly portals?: readonly string[];
}

const UP: PortalCondition = { kind: 'up' };
/** LIO's first portal group. */
const FIRST_TPGT = 1;
/** Bit 14 marks flat space addressing. */
const FLAT_SPACE = 0x4000;
const PERIPHERAL_LUNS = 256;

/**
 * The array behind the network: targets, units, what is written on them. Serves any number of
 * simulated hosts.
 *
 * May be made to: lose a portal in four ways, re-map, unmap, grow a unit, change a secret. All of it
 * behind the hosts' backs, as arrays do. Not modelled: reservations, ALUA, initiator ACLs, redirected
 * logins, errors of single blocks.
 */
export class StorageArray {
  /** Rings when a portal begins or ceases to answer. */
  readonly portalChanges = new ChangeBell();
  /** Rings when a unit is mapped, unmapped or grown. */
  readonly unitChanges = new ChangeBell();
  readonly #targets = new Map<string, Target>();
  readonly #volumes = new Map<string, Volume>();
  readonly #portals = new Set<string>();
  readonly #conditions = new Map<string, PortalCondition>();
  #discoveryChap: ChapSecret | undefined;

  addVolume(spec: VolumeSpec): Volume {
    const name = spec.name ?? spec.wwid;
    const volume = {
      name,
      wwid: spec.wwid,
      serial: spec.serial ?? defaultSerial(spec.wwid),
      writeCache: spec.writeCache ?? false,
      sizeBytes: spec.sizeBytes,
      partitioned: false,
      content: new VolumeContent(),
    };
    this.#volumes.set(name, volume);
    return volume;
  }

  /** Adds a target, or changes one: its units stay. */
  addTarget(spec: TargetSpec): void {
    const key = spec.iqn.toLowerCase();
    const mappings = this.#targets.get(key)?.mappings ?? new Map<number, never>();
    const portals = spec.portals.map(normalisePortal);
    this.#targets.set(key, { ...spec, portals, mappings });
    for (const portal of portals) this.#portals.add(portal);
    this.portalChanges.ring();
  }

  /** Takes a target away with its mappings; its volumes stay, and live sessions lead nowhere. */
  removeTarget(iqn: string): void {
    this.#targets.delete(iqn.toLowerCase());
    this.unitChanges.ring();
    this.portalChanges.ring();
  }

  /** What sendtargets discovery asks for from now on, at every portal; nothing when left out. */
  setDiscoveryChap({ chap }: { readonly chap?: ChapSecret }): void {
    this.#discoveryChap = chap;
  }

  /** Maps a volume to a LUN; what the number stood for at these portals is replaced. */
  mapLun({ iqn, lun, volume, portals }: Mapping): void {
    this.volume(volume);
    const { mappings } = this.#target(iqn);
    const places = portals?.map(normalisePortal);
    const others = (mappings.get(lun) ?? []).filter(
      (unit) =>
        places !== undefined && unit.portals?.some((each) => places.includes(each)) === false,
    );
    const unit = { volume, ...(places === undefined ? {} : { portals: places }) };
    mappings.set(lun, [...others, unit]);
    this.unitChanges.ring();
  }

  unmapLun({ iqn, lun }: { readonly iqn: string; readonly lun: number }): void {
    this.#target(iqn).mappings.delete(lun);
    this.unitChanges.ring();
  }

  resizeVolume({
    volume,
    sizeBytes,
  }: {
    readonly volume: string;
    readonly sizeBytes: number;
  }): void {
    this.volume(volume).sizeBytes = sizeBytes;
    this.unitChanges.ring();
  }

  setPortal({ portal, condition }: { portal: string; condition: PortalCondition }): void {
    this.#conditions.set(normalisePortal(portal), condition);
    this.portalChanges.ring();
  }

  /** @throws RangeError when there is none of that name */
  volume(name: string): Volume {
    const volume = this.#volumes.get(name);
    if (volume === undefined) throw new RangeError(`the array has no volume ${name}`);
    return volume;
  }

  /** A portal nobody listens at drops what is sent to it. */
  condition(portal: string): PortalCondition {
    return this.#portals.has(portal) ? (this.#conditions.get(portal) ?? UP) : { kind: 'dropped' };
  }

  answerLogin({ iqn, portal, chap, mutualChap }: LoginAttempt): LoginAnswer {
    const target = this.#targets.get(iqn.toLowerCase());
    if (target === undefined || !target.portals.includes(portal)) return 'no-target';
    if (target.chap !== undefined && !sameSecret(target.chap, chap)) return 'unauthorised';
    if (mutualChap !== undefined && !sameSecret(mutualChap, target.mutualChap)) {
      return 'target-not-authentic';
    }
    return 'accepted';
  }

  /** Every portal of every target that has this one, in the order they were added. */
  answerDiscovery(portal: string, chap?: ChapSecret): DiscoveryAnswer {
    if (this.#discoveryChap !== undefined && !sameSecret(this.#discoveryChap, chap)) {
      return 'unauthorised';
    }
    const known = [...this.#targets.values()].filter(({ portals }) => portals.includes(portal));
    return known.flatMap(({ iqn, portals }) =>
      portals.map((each) => ({ iqn, portal: each, tpgt: this.tpgtOf({ iqn, portal: each }) })),
    );
  }

  /** The portal group a login to the portal ends in. */
  tpgtOf({ iqn, portal }: { readonly iqn: string; readonly portal: string }): number {
    const target = this.#targets.get(iqn.toLowerCase());
    return target?.groups === 'per-portal'
      ? FIRST_TPGT + target.portals.indexOf(portal)
      : FIRST_TPGT;
  }

  /** Whether the units of a target take no writes. */
  isReadOnly(iqn: string): boolean {
    return this.#targets.get(iqn.toLowerCase())?.readOnly ?? false;
  }

  /** LUNs mapped at a portal, ascending, as REPORT LUNS words them. */
  lunsAt({ iqn, portal }: { readonly iqn: string; readonly portal: string }): number[] {
    const target = this.#targets.get(iqn.toLowerCase());
    const luns = [...(target?.mappings.keys() ?? [])].map((lun) =>
      target?.addressing === 'flat' && lun >= PERIPHERAL_LUNS ? lun + FLAT_SPACE : lun,
    );
    return luns
      .filter((lun) => this.unitAt({ iqn, portal, lun }) !== undefined)
      .sort((left, right) => left - right);
  }

  /** The volume that answers at a LUN now. `lun` is the kernel's number. */
  unitAt({ iqn, portal, lun }: { iqn: string; portal: string; lun: number }): Volume | undefined {
    const target = this.#targets.get(iqn.toLowerCase());
    const units = target?.mappings.get(target.addressing === 'flat' ? arrayLun(lun) : lun) ?? [];
    const unit = units.find(({ portals }) => portals?.includes(portal) !== false);
    return unit === undefined ? undefined : this.#volumes.get(unit.volume);
  }

  #target(iqn: string): Target {
    const target = this.#targets.get(iqn.toLowerCase());
    if (target === undefined) throw new RangeError(`the array has no target ${iqn}`);
    return target;
  }
}

/** The array's own number behind a kernel LUN; NaN for one that is no address of it. */
function arrayLun(kernelLun: number): number {
  if (kernelLun < PERIPHERAL_LUNS) return kernelLun;
  return kernelLun >= FLAT_SPACE && kernelLun < 2 * FLAT_SPACE ? kernelLun - FLAT_SPACE : NaN;
}

function sameSecret(wanted: ChapSecret, given: ChapSecret | undefined): boolean {
  return wanted.username === given?.username && wanted.secret === given.secret;
}

/** LIO makes the NAA number from the serial: what follows the vendor's part is the serial. */
function defaultSerial(wwid: string): string {
  const hex = wwid.replace(/^naa\.6001405/, '');
  return hex.length === 25
    ? `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
    : hex;
}
