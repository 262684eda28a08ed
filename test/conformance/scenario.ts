import type { HostUnderTest } from './host-under-test.js';

/** What must hold on every host. Titles are claims; ids are stable. */
export interface Scenario {
  /** `M-01` ours, `B-26` the scenario of that number in the specification of the peer. */
  readonly id: string;
  readonly claim: string;
  /** @throws CannotRunHere when the host cannot be brought into the situation */
  run(host: HostUnderTest): Promise<void>;
}
