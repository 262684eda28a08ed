import { normalisePortal } from '../contract/portal.js';
import type { FaultPlan } from './fault-plan.js';
import type { PortalCondition, StorageArray, Volume } from './storage-array.js';

/** A unit as one session reaches it. */
interface UnitAddress {
  readonly iqn: string;
  readonly portal: string;
  readonly lun: number;
}

/** The array as one host sees it: its own state, and what is wrong on this host's way to it. */
export class Network {
  readonly array: StorageArray;
  readonly #faults: FaultPlan;
  #drawn = FIRST_DRAW;

  constructor(array: StorageArray, faults: FaultPlan) {
    this.array = array;
    this.#faults = faults;
  }

  condition(portal: string): PortalCondition {
    const fault = this.#faults.find('portal', (each) => normalisePortal(each.portal) === portal);
    return fault?.condition ?? this.array.condition(portal);
  }

  /** Whether an established connection lives. A portal that knows no target answers, but not us. */
  carries(portal: string): boolean {
    const { kind } = this.condition(portal);
    return kind === 'up' || kind === 'slow';
  }

  /** What one exchange with a portal takes longer; under packet loss each look draws anew. */
  latencyMs(portal: string): number {
    const condition = this.condition(portal);
    return this.#retransmissionsMs() + (condition.kind === 'slow' ? condition.latencyMs : 0);
  }

  lunsAt(address: Omit<UnitAddress, 'lun'>): number[] {
    return this.array.lunsAt(address).filter((lun) => !this.#isAbsent({ ...address, lun }));
  }

  unitAt(address: UnitAddress): Volume | undefined {
    return this.#isAbsent(address) ? undefined : this.array.unitAt(address);
  }

  /** How long after the first scan a unit begins to answer. */
  lateByMs(address: UnitAddress): number {
    return this.#faults.find('lun-late', (fault) => concerns(fault, address))?.afterMs ?? 0;
  }

  secretsRefused(iqn: string): boolean {
    return this.#faults.has(
      'wrong-secret',
      (fault) => fault.iqn.toLowerCase() === iqn.toLowerCase(),
    );
  }

  /** TCP sends a lost segment again after 0.2 s, then after twice as long each time. */
  #retransmissionsMs(): number {
    const percent = this.#faults.find('packet-loss')?.percent ?? 0;
    // Either the question or its answer may be lost.
    const arrives = (1 - percent / 100) ** 2;
    let waitedMs = 0;
    for (let tries = 0; tries < RETRIES_MAX && this.#draw() >= arrives; tries += 1) {
      waitedMs += RETRANSMISSION_MS * 2 ** tries;
    }
    return waitedMs;
  }

  /** Numbers from 0 to 1 in the same order in every run (Park and Miller). */
  #draw(): number {
    this.#drawn = (this.#drawn * 48_271) % 2_147_483_647;
    return this.#drawn / 2_147_483_647;
  }

  #isAbsent(address: UnitAddress): boolean {
    return this.#faults.has('lun-absent', (fault) => concerns(fault, address));
  }
}

const FIRST_DRAW = 20_261_123;
const RETRANSMISSION_MS = 200;
const RETRIES_MAX = 8;

function concerns(
  fault: { readonly iqn: string; readonly lun: number; readonly portal?: string },
  address: UnitAddress,
): boolean {
  return (
    fault.iqn.toLowerCase() === address.iqn.toLowerCase() &&
    fault.lun === address.lun &&
    (fault.portal === undefined || normalisePortal(fault.portal) === address.portal)
  );
}
