import { parsePortal } from '../src/contract/portal.js';
import type { Guest } from './guest.js';

/** Makes a portal's IPv6 address one of the guest's own; repeatable. 127.0.0.0/8 are all its own. */
export async function addAddress(guest: Guest, portal: string): Promise<void> {
  // Without duplicate address detection, which makes an address unusable for its first second.
  await guest.script(`ip -6 address replace ${parsePortal(portal).address}/128 dev lo nodad`);
}
