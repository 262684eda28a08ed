import { GUEST_CHECKOUT, type Guest } from '../../lab/guest.js';
import { eventually } from '../../test/support/eventually.js';
import type { Contender, Wanted } from '../lab/contender.js';

/** What the guest needs besides; Debian's package misses ply when recommended packages are left out. */
export const OS_BRICK_PACKAGES = ['python3-os-brick', 'python3-ply'];

const NAME = 'os-brick';
const PORT = 7600;
/** Python reads some hundred modules on an emulated CPU. */
const START_TIMEOUT_MS = 120_000;
/** A dead portal alone costs an attach two minutes. */
const ORDER_TIMEOUT_MS = 900_000;

interface Order {
  readonly order: 'attach' | 'detach';
  readonly volumes: readonly { readonly id: string; readonly properties: unknown }[];
}
type Answer = { readonly ms: number } | { readonly error: string };

/**
 * The peer: Debian's os-brick, in a process that stays. Timed inside of that process, from call to
 * return, as its callers would see it: the way to the process is not counted.
 */
export class OsBrick implements Contender {
  private readonly guest: Guest;

  private constructor(guest: Guest) {
    this.guest = guest;
  }

  static async start(guest: Guest): Promise<OsBrick> {
    const program = `${GUEST_CHECKOUT}/bench/peer/os-brick.py`;
    await guest.startDaemon(NAME, ['python3', program, String(PORT)]);
    const peer = new OsBrick(guest);
    await eventually(() => peer.send({ order: 'attach', volumes: [] }), {
      withinMs: START_TIMEOUT_MS,
    });
    return peer;
  }

  attach(wanted: Wanted): Promise<number> {
    return this.order('attach', wanted);
  }

  async detach(wanted: Wanted): Promise<number> {
    const ms = await this.order('detach', wanted);
    // It leaves them remembered, and the next one would find volumes that are known already.
    await this.guest.script(
      wanted.volumes.map(({ wwid }) => `multipath -w ${wwid} > /dev/null`).join('\n'),
    );
    return ms;
  }

  /** The version of the package, for the record. */
  version(): Promise<string> {
    return this.guest.script("dpkg-query --show --showformat '${Version}' python3-os-brick");
  }

  private async order(
    order: 'attach' | 'detach',
    { iqn, portals, volumes }: Wanted,
  ): Promise<number> {
    const answer = await this.send({
      order,
      volumes: volumes.map(({ volumeId, lun }) => ({
        id: volumeId,
        properties: connectionProperties(iqn, portals, lun),
      })),
    });
    if ('error' in answer) throw new Error(`os-brick could not ${order}: ${answer.error}`);
    return answer.ms;
  }

  private async send(order: Order): Promise<Answer> {
    const line = JSON.stringify(order);
    const said = await this.guest.script(
      `exec 3<> /dev/tcp/127.0.0.1/${String(PORT)}; printf '%s\n' '${line}' >&3; cat <&3`,
      { timeoutMs: ORDER_TIMEOUT_MS },
    );
    return JSON.parse(said) as Answer;
  }
}

/** What a Cinder driver gives for a volume with several portals. */
function connectionProperties(
  iqn: string,
  portals: readonly string[],
  lun: number,
): Readonly<Record<string, unknown>> {
  return {
    target_discovered: false,
    target_portal: portals[0],
    target_iqn: iqn,
    target_lun: lun,
    target_portals: portals,
    target_iqns: portals.map(() => iqn),
    target_luns: portals.map(() => lun),
  };
}
