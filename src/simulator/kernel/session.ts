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
  /** iscsid's view; the kernel shows only the state. */
  phase: 'starting' | 'established' | 'ending';
  /** `FREE` before the login, and again when a lost connection was given up. */
  state: 'FREE' | 'LOGGED_IN' | 'FAILED';
  /** How long a lost connection may take to come back; multipathd shortens it. */
  recoverySeconds: number;
}
