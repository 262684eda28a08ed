import type { Program } from '../privileged/command-runner.js';
import { ChangeBell } from './change-bell.js';
import type { PortalCondition } from './storage-array.js';

/** A unit at one target; at one portal of it, or at all. */
interface Unit {
  readonly iqn: string;
  readonly lun: number;
  readonly portal?: string;
}

/** Runs of a program whose arguments, joined by blanks, contain a text; all runs when absent. */
interface Runs {
  readonly program: Program;
  readonly matching?: string;
  /** How many runs it concerns; default all. */
  readonly times?: number;
}

/** What can go wrong on one host and on its way to the array. Each stays until it is removed. */
export type Fault =
  /** This host's way to a portal; other hosts see the array's own condition. */
  | { readonly kind: 'portal'; readonly portal: string; readonly condition: PortalCondition }
  /** So many of a hundred packets between this host and any portal are lost. */
  | { readonly kind: 'packet-loss'; readonly percent: number }
  /** The array no longer takes the secret this host has: exit 24. */
  | { readonly kind: 'wrong-secret'; readonly iqn: string }
  /** The array does not show the unit to this host. Devices that exist stay, and fail their I/O. */
  | ({ readonly kind: 'lun-absent' } & Unit)
  /** The unit answers only so long after the first scan that asked for it through a session. */
  | ({ readonly kind: 'lun-late'; readonly afterMs: number } & Unit)
  /** I/O to devices of this kernel WWID never ends, nor does their removal. */
  | { readonly kind: 'device-hangs'; readonly wwid: string }
  /** Flushing devices or maps of this kernel WWID ends with EIO; what is dirty stays dirty. */
  | { readonly kind: 'flush-fails'; readonly wwid: string }
  /** udev handles every event so much later. */
  | { readonly kind: 'udev-late'; readonly byMs: number }
  /** udev handles nothing as long as this lasts, then everything in its order. */
  | { readonly kind: 'udev-held' }
  /** udev leaves the links of a device that went. */
  | { readonly kind: 'udev-keeps-links' }
  /** The daemon does not run: no answers, no maps by itself. Ends when removed. */
  | { readonly kind: 'multipathd-stopped' }
  /** The daemon drops a removed path so much later. */
  | { readonly kind: 'multipathd-slow-to-forget'; readonly byMs: number }
  /** Making a map takes so much longer. */
  | { readonly kind: 'map-late'; readonly byMs: number }
  /** Somebody has the map of this kernel WWID open. */
  | { readonly kind: 'map-held-open'; readonly wwid: string }
  /** The command does nothing and does not end; TERM ends it, KILL if it ignores TERM. */
  | ({ readonly kind: 'command-hangs'; readonly ignoresTerm?: boolean } & Runs)
  /** The command does nothing and says this. */
  | ({ readonly kind: 'command-fails'; readonly exitCode: number; readonly stderr?: string } & Runs)
  /** The command does its work and then says this: the answer lies. */
  | ({ readonly kind: 'answer-lies'; readonly exitCode: number; readonly stderr?: string } & Runs)
  | { readonly kind: 'program-missing'; readonly program: Program }
  /** A file, or everything below a directory, gives EIO to readers. */
  | { readonly kind: 'unreadable'; readonly path: string }
  /** Writing ordinary files below a directory gives ENOSPC; what is there stays. */
  | { readonly kind: 'disk-full'; readonly under: string }
  /** Somebody died holding the node database's lock: node commands end after 30 s with exit 6. */
  | { readonly kind: 'database-locked' };

export type FaultKind = Fault['kind'];
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { readonly kind: Kind }>;

/**
 * The faults in force on one host. They are the experimenter's, not the machine's: a reboot does
 * not end them. Drawing them from a seed would be another way to call {@link FaultPlan.add}.
 */
export class FaultPlan {
  /** Rings when a fault begins or ends. */
  readonly changes = new ChangeBell();
  readonly #faults = new Map<number, Fault>();
  readonly #used = new Map<number, number>();
  #lastId = 0;

  /** @returns the id by which the fault is removed */
  add(fault: Fault): number {
    this.#lastId += 1;
    this.#faults.set(this.#lastId, fault);
    this.changes.ring();
    return this.#lastId;
  }

  remove(id: number): void {
    this.#faults.delete(id);
    this.#used.delete(id);
    this.changes.ring();
  }

  clear(): void {
    this.#faults.clear();
    this.#used.clear();
    this.changes.ring();
  }

  /** The latest fault of a kind that fits. */
  find<Kind extends FaultKind>(
    kind: Kind,
    fits: (fault: FaultOf<Kind>) => boolean = () => true,
  ): FaultOf<Kind> | undefined {
    return [...this.#faults.values()]
      .reverse()
      .find((fault): fault is FaultOf<Kind> => fault.kind === kind && fits(fault as FaultOf<Kind>));
  }

  has<Kind extends FaultKind>(kind: Kind, fits?: (fault: FaultOf<Kind>) => boolean): boolean {
    return this.find(kind, fits) !== undefined;
  }

  /** Like {@link find} for faults of runs, and counts the run. */
  takeRun<Kind extends 'command-hangs' | 'command-fails' | 'answer-lies'>(
    kind: Kind,
    { program, args }: { readonly program: Program; readonly args: readonly string[] },
  ): FaultOf<Kind> | undefined {
    for (const [id, fault] of this.#faults) {
      if (fault.kind !== kind || !('program' in fault) || fault.program !== program) continue;
      if (fault.matching !== undefined && !args.join(' ').includes(fault.matching)) continue;
      const used = this.#used.get(id) ?? 0;
      if (used >= (fault.times ?? Infinity)) continue;
      this.#used.set(id, used + 1);
      return fault as FaultOf<Kind>;
    }
    return undefined;
  }
}
