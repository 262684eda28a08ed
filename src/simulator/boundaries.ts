import type { Program } from '../privileged/command-runner.js';

/** What a program does to the host, or reads there, one call at a time. */
export type BoundaryKind =
  Program | 'write-attribute' | 'replace-file' | 'remove-file' | 'read-file' | 'resolve-link';

/** A place in the sequence of calls at which the machine stands still for the experimenter. */
export interface BoundarySpec {
  readonly of: BoundaryKind;
  /** A text in the joined arguments, or in the path. */
  readonly matching?: string;
  /** Which fitting call, counted from the setting; default the first. */
  readonly nth?: number;
  /** `before` the call takes effect, or `after` it did and before the caller hears of it. */
  readonly side: 'before' | 'after';
}

/** A boundary that was set. */
export interface Boundary {
  /** Resolves with what was called, when the call is there and held. */
  readonly reached: Promise<string>;
  /** Lets the call go on. `dropped`: it never takes effect and never answers, as if its caller had died first. */
  release(how?: { readonly dropped?: boolean }): void;
}

interface SetBoundary {
  readonly spec: BoundarySpec;
  seen: number;
  readonly arrive: (call: string) => void;
  readonly released: Promise<boolean>;
}

/** The boundaries set on one host. A call meets each at most once. */
export class Boundaries {
  readonly #set = new Set<SetBoundary>();

  set(spec: BoundarySpec): Boundary {
    const reached = deferred<string>();
    const released = deferred<boolean>();
    const boundary = { spec, seen: 0, arrive: reached.resolve, released: released.promise };
    this.#set.add(boundary);
    return {
      reached: reached.promise,
      release: ({ dropped = false } = {}) => {
        this.#set.delete(boundary);
        released.resolve(dropped);
      },
    };
  }

  /** Stands still where a boundary is set for this call. */
  async pass(of: BoundaryKind, call: string, side: BoundarySpec['side']): Promise<void> {
    for (const boundary of [...this.#set]) {
      const { spec } = boundary;
      if (spec.of !== of || spec.side !== side) continue;
      if (spec.matching !== undefined && !call.includes(spec.matching)) continue;
      boundary.seen += 1;
      if (boundary.seen !== (spec.nth ?? 1)) continue;
      boundary.arrive(`${of} ${call}`);
      if (await boundary.released) await new Promise<never>(() => {});
    }
  }
}

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
