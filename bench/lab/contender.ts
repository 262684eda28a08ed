import type { Volume } from '../../test/conformance/host-under-test.js';

/** Volumes of one target, and the portals to reach them by. */
export interface Wanted {
  /** Of the case, for whoever takes notes. */
  readonly name: string;
  readonly iqn: string;
  readonly portals: readonly string[];
  readonly volumes: readonly Volume[];
  /** Every path is waited for; otherwise as many as whoever attaches waits for by default. */
  readonly awaitsAll: boolean;
}

/** Who attaches and detaches: mooring, or what it is compared with. @returns how long it took, in ms */
export interface Contender {
  attach(wanted: Wanted): Promise<number>;
  detach(wanted: Wanted): Promise<number>;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
