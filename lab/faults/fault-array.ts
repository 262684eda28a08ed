import type { Guest } from '../guest.js';
import { identityOf } from '../../test/torture/identity.js';
import { CHAP_USER, MARKER_SECRET } from '../../test/torture/secrets.js';
import { BESIDE_INDEX, designator, OWN_INDEX } from '../../test/torture/wwids.js';
import {
  createTarget,
  createUnits,
  dataOf,
  mapLuns,
  setChap,
  unmapLun,
  type Target,
  type Unit,
} from '../target.js';

/** Four portals of our target, one of the administrator's own. */
export const PORTALS = ['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4'].map(
  (it) => `${it}:3260`,
);
/** Two to which only the volume under test has a session; a third it shares with the neighbour. */
export const OWN_PORTAL = '127.0.1.3:3260';
export const SECOND_PORTAL = '127.0.1.4:3260';
export const IQN = 'iqn.2026-11.io.mooring:lab';
export const OFFICE_PORTAL = '127.0.1.5:3260';
export const OFFICE_IQN = 'iqn.2026-11.io.example:office0';
/** At our target, by whose volume is there. */
export const LUNS = { ours: 1, neighbours: 2, administrators: 90 } as const;
export const OFFICE_LUN = 1;

/** Which volume is which: by index, as the oracle counts. */
export const VOLUMES = { ours: 0, another: 1, neighbours: 2 } as const;

const UNIT_BYTES = 67_108_864;
/** Where a volume says who it is; patterns are written behind it. */
export const SLOT_BYTES = 4_096;
const WWID_PREFIX = '6001405'.length;

const TARGET: Target = { iqn: IQN, portals: PORTALS, groups: 'one' };
const OFFICE: Target = { iqn: OFFICE_IQN, portals: [OFFICE_PORTAL], groups: 'one' };

/** The array of the fault bench: the guest's own kernel target, with credentials. */
export class FaultArray {
  private readonly guest: Guest;
  private isOursElsewhere = false;

  constructor(guest: Guest) {
    this.guest = guest;
  }

  async start(): Promise<void> {
    await createTarget(this.guest, TARGET);
    await createTarget(this.guest, OFFICE);
    await setChap(this.guest, TARGET, {
      incoming: { username: CHAP_USER, secret: MARKER_SECRET },
    });
    const indexes = [...Object.values(VOLUMES), OWN_INDEX, BESIDE_INDEX];
    await createUnits(this.guest, indexes.map(unitOf));
    for (const index of indexes) await this.write(index, 0, identityOf(index));
    await this.mapOurs(VOLUMES.ours);
    await this.map(LUNS.neighbours, VOLUMES.neighbours);
    await this.map(LUNS.administrators, BESIDE_INDEX);
    await mapLuns(this.guest, OFFICE, [{ lun: OFFICE_LUN, unit: unitOf(OWN_INDEX) }]);
  }

  /** Has the LUN of the volume under test lead to a volume, behind everybody's back. */
  async mapOurs(volume: number): Promise<void> {
    await this.map(LUNS.ours, volume);
    this.isOursElsewhere = volume !== VOLUMES.ours;
  }

  async unmapOurs(): Promise<void> {
    await unmapLun(this.guest, TARGET, { lun: LUNS.ours });
    this.isOursElsewhere = true;
  }

  /** The LUN leads where it led at the start. One that does is left alone: not for a moment it goes. */
  async putBack(): Promise<void> {
    if (this.isOursElsewhere) await this.mapOurs(VOLUMES.ours);
  }

  /** What is on the array, past every host. */
  async textAt(volume: number, slot: number): Promise<string> {
    const at = `if=${dataOf(unitOf(volume))} bs=${String(SLOT_BYTES)} skip=${String(slot)}`;
    return this.guest.script(`dd ${at} count=1 status=none | tr -d '\\0'`);
  }

  private async map(lun: number, volume: number): Promise<void> {
    await mapLuns(this.guest, TARGET, [{ lun, unit: unitOf(volume) }]);
  }

  private async write(volume: number, slot: number, text: string): Promise<void> {
    const at = `of=${dataOf(unitOf(volume))} bs=${String(SLOT_BYTES)} seek=${String(slot)}`;
    await this.guest.script(`printf '%s' '${text}' | dd ${at} conv=notrunc status=none`);
  }
}

function unitOf(volume: number): Unit {
  return { serial: designator(volume).slice(WWID_PREFIX), sizeBytes: UNIT_BYTES };
}
