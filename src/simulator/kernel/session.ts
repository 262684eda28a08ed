import type { NodeSettings } from '../userland/node-record.js';

/** A session as the kernel holds it. */
export interface Session {
  readonly sid: number;
  readonly scsiHost: number;
  /** As the record says it. */
  readonly iqn: string;
  /** Normalised: `10.0.0.1:3260`, `[fd00::7]:3260`. */
  readonly portal: string;
  /** As the record spells it, without brackets. */
  readonly address: string;
  readonly port: number;
  readonly iface: string;
  readonly tpgt: number;
  readonly settings: NodeSettings;
  /** `FREE` while it is being set up and torn down. */
  state: 'FREE' | 'LOGGED_IN' | 'FAILED';
}
