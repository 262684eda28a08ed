import type { FaultRun } from './fault-run.js';

/** Where the volume is in the end: on the host and right, or gone without a trace. */
export type End = 'attached' | 'absent';

/** Something that goes wrong on a real host while a volume comes or goes. */
export interface LabFault {
  readonly id: string;
  /** What holds all the same. */
  readonly claim: string;
  /** `attached`: the volume is up, and written to, before anything goes wrong. */
  readonly begins: 'nothing' | 'attached';
  readonly ends: readonly End[];
  /** What a caller may hear instead of success. */
  readonly mayFailWith?: readonly string[];
  /** The array showed another volume in its place, so that what is read and kept says nothing. */
  readonly isReused?: true;
  /** Asks, and has it go wrong. Mending is the bench's, and so are waiting and judging. */
  play(run: FaultRun): Promise<void>;
}
