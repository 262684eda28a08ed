import { setTimeout as pause } from 'node:timers/promises';
import { parsePortal } from '../src/contract/portal.js';
import type { Guest } from './guest.js';

/** Our own chain of the guest's packet filter: mending is emptying it. */
const CHAIN = 'LAB';

/** Breaks the way to portals, and mends it. Portals are `address:port`, IPv6 in brackets. */
export class GuestNetwork {
  private readonly guest: Guest;

  constructor(guest: Guest) {
    this.guest = guest;
  }

  /** Every packet to the portal vanishes from now on. */
  async drop(portal: string): Promise<void> {
    await this.add([`${filterOf(portal)} -d ${addressOf(portal)} -j DROP`]);
  }

  /** The portal answers every packet with a reset from now on. */
  async reset(portal: string): Promise<void> {
    const rule = `-p tcp -d ${addressOf(portal)} -j REJECT --reject-with tcp-reset`;
    await this.add([`${filterOf(portal)} ${rule}`]);
  }

  /** So many of a hundred packets to and from the portals are lost from now on. */
  async lose(portals: readonly string[], percent: number): Promise<void> {
    const chance = `-m statistic --mode random --probability ${String(percent / 100)} -j DROP`;
    await this.add(
      portals.flatMap((portal) => {
        const filter = filterOf(portal);
        const address = addressOf(portal);
        // One chance for each packet, also for one between two portals.
        return [
          `${filter} -d ${address} ${chance}`,
          `${filter} -s ${address} ! -d ${address} ${chance}`,
        ];
      }),
    );
  }

  /** The portals go silent and come back, again and again; returns when they are back for good. */
  async flap(
    portals: readonly string[],
    { times, everyMs }: { readonly times: number; readonly everyMs: number },
  ): Promise<void> {
    for (let flap = 0; flap < times; flap += 1) {
      for (const portal of portals) await this.drop(portal);
      await pause(everyMs);
      await this.restore();
      await pause(everyMs);
    }
  }

  /** Takes back everything of the above. */
  async restore(): Promise<void> {
    await this.guest.script(`
      for filter in iptables ip6tables; do
        ! $filter -w -S ${CHAIN} > /dev/null 2>&1 || $filter -w -F ${CHAIN}
      done`);
  }

  private async add(rules: readonly string[]): Promise<void> {
    await this.guest.script(`
      for filter in iptables ip6tables; do
        ! $filter -w -N ${CHAIN} 2> /dev/null || $filter -w -I INPUT -j ${CHAIN}
      done
      ${rules.join('\n')}`);
  }
}

function filterOf(portal: string): string {
  const filter = portal.startsWith('[') ? 'ip6tables' : 'iptables';
  return `${filter} -w -A ${CHAIN}`;
}

function addressOf(portal: string): string {
  return parsePortal(portal).address;
}
