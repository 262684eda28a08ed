import type { HostUnderTest } from './host-under-test.js';

/** What must hold on every host. Titles are claims; ids are stable. */
export interface Scenario {
  /** `M-01` ours, `B-26` the scenario of that number in the specification of the peer. */
  readonly id: string;
  readonly claim: string;
  /**
   * The limits of the peer that this would run into if mooring had them: `L7`. Shown in the title; the
   * page `docs/limits.md` says what each one is.
   */
  readonly limits?: readonly `L${number}`[];
  /** @throws CannotRunHere when the host cannot be brought into the situation */
  run(host: HostUnderTest): Promise<void>;
}
