import { randomUUID } from 'node:crypto';
import {
  CannotRunHere,
  type Volume,
  type VolumePlace,
} from '../test/conformance/host-under-test.js';
import type { Guest } from './guest.js';
import {
  createTarget,
  createUnits,
  mapLuns,
  removeTarget,
  setChap,
  setDiscoveryChap,
  unmapLun,
  wwidOf,
  type Chap,
  type Target,
  type Unit,
} from './target.js';

const VOLUME_BYTES = 67_108_864;
/** What the kernel target counts to. */
const LUNS_MAX = 255;

/** How another target differs from the own one. */
export interface AddedTarget {
  /** Default: those of the own one. */
  readonly portals?: readonly string[];
  readonly groups?: Target['groups'];
  readonly addressing?: 'flat';
  readonly readOnly?: boolean;
}

interface Place {
  readonly unit: Unit;
  readonly portals?: readonly string[];
}

/** The array behind the real host, in an experimenter's hands: the guest's own kernel target. */
export class GuestArray {
  private readonly guest: Guest;
  private readonly own: Target;
  private readonly targets = new Map<string, Target>();
  private readonly places = new Map<string, Place>();
  private readonly luns = new Map<string, number>();
  /** What is mapped, for the time after a reboot: by target and LUN. */
  private readonly mapped = new Map<string, { readonly volume: Volume; readonly unit: Unit }>();
  private readonly withChap = new Set<string>();
  private hasDiscoveryChap = false;
  private targetsMade = 1;

  constructor(guest: Guest, own: Target) {
    this.guest = guest;
    this.own = own;
    this.targets.set(own.iqn, own);
  }

  /** Makes the targets with what is mapped; a reboot takes everything away but the data. */
  async start(): Promise<void> {
    for (const target of this.targets.values()) await createTarget(this.guest, target);
    const units = [...this.mapped.values()].map(({ unit }) => unit);
    if (units.length > 0) await createUnits(this.guest, units);
    for (const { volume, unit } of this.mapped.values()) {
      const mapping = { ...this.placeOf(volume.volumeId), lun: volume.lun, unit };
      await mapLuns(this.guest, this.targetOf(volume.iqn), [mapping]);
    }
  }

  /** @param prefix - of the volume's id */
  async freshVolume(prefix: string, place: VolumePlace): Promise<Volume> {
    const { iqn = this.own.iqn, portals, mapped = true } = place;
    const lun = place.lun ?? this.nextLun(iqn);
    const unit = { serial: randomUUID().replaceAll('-', ''), sizeBytes: VOLUME_BYTES };
    const volumeId = `${prefix}-${String(this.places.size + 1)}`;
    this.places.set(volumeId, { unit, ...(portals === undefined ? {} : { portals }) });
    await createUnits(this.guest, [unit]);
    const volume = { volumeId, iqn, lun, wwid: wwidOf(unit).dm, sizeBytes: VOLUME_BYTES };
    if (mapped) await this.mapVolume(volume);
    return volume;
  }

  async addTarget({
    portals = this.own.portals,
    groups = 'one',
    addressing,
    readOnly = false,
  }: AddedTarget): Promise<Target> {
    if (addressing !== undefined) {
      throw new CannotRunHere('the kernel target (LIO) decodes peripheral LUN addressing only');
    }
    this.targetsMade += 1;
    const target = {
      iqn: `${this.own.iqn}-${String(this.targetsMade)}`,
      portals,
      groups,
      readOnly,
    };
    await createTarget(this.guest, target);
    this.targets.set(target.iqn, target);
    return target;
  }

  async mapVolume(volume: Volume): Promise<void> {
    const { volumeId, iqn, lun } = volume;
    const place = this.placeOf(volumeId);
    await mapLuns(this.guest, this.targetOf(iqn), [{ ...place, lun }]);
    this.mapped.set(mappingKey(volume), { volume, unit: place.unit });
  }

  async unmapVolume(volume: Volume): Promise<void> {
    const { volumeId, iqn, lun } = volume;
    await unmapLun(this.guest, this.targetOf(iqn), { ...this.placeOf(volumeId), lun });
    this.mapped.delete(mappingKey(volume));
  }

  async reuseLun(old: Volume, other: Volume): Promise<void> {
    const { unit } = this.placeOf(other.volumeId);
    const mapping = { ...this.placeOf(old.volumeId), lun: old.lun, unit };
    await mapLuns(this.guest, this.targetOf(old.iqn), [mapping]);
    this.mapped.set(mappingKey(old), { volume: old, unit });
  }

  async setChap(iqn: string, chap: Chap): Promise<void> {
    await setChap(this.guest, this.targetOf(iqn), chap);
    this.withChap.add(iqn);
  }

  async setDiscoveryChap(chap: Chap): Promise<void> {
    await setDiscoveryChap(this.guest, chap);
    this.hasDiscoveryChap = true;
  }

  /** Nobody is asked for credentials any more. */
  async openAll(): Promise<void> {
    for (const iqn of this.withChap) await setChap(this.guest, this.targetOf(iqn), {});
    this.withChap.clear();
    if (this.hasDiscoveryChap) await setDiscoveryChap(this.guest, {});
    this.hasDiscoveryChap = false;
  }

  /** Takes away what `addTarget` made. @returns the names of those targets */
  async removeTargets(): Promise<readonly string[]> {
    const added = [...this.targets.keys()].filter((iqn) => iqn !== this.own.iqn);
    for (const iqn of added) {
      await removeTarget(this.guest, iqn);
      this.targets.delete(iqn);
      for (const [key, { volume }] of this.mapped) if (volume.iqn === iqn) this.mapped.delete(key);
    }
    return added;
  }

  private nextLun(iqn: string): number {
    const lun = (this.luns.get(iqn) ?? 0) + 1;
    if (lun > LUNS_MAX) throw new Error(`${iqn} has no LUN left`);
    this.luns.set(iqn, lun);
    return lun;
  }

  private targetOf(iqn: string): Target {
    const target = this.targets.get(iqn);
    if (target === undefined) throw new Error(`The lab has no target ${iqn}`);
    return target;
  }

  private placeOf(volumeId: string): Place {
    const place = this.places.get(volumeId);
    if (place === undefined) throw new Error(`The lab has no volume ${volumeId}`);
    return place;
  }
}

function mappingKey({ iqn, lun }: Pick<Volume, 'iqn' | 'lun'>): string {
  return `${iqn} ${String(lun)}`;
}
