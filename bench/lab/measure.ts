import { requestFor, DEFAULT_GRACE, type Volume } from '../../test/conformance/host-under-test.js';
import type { RealHostUnderTest } from '../../lab/real-host-under-test.js';
import { BareTools } from './bare-tools.js';

/** A busy machine makes a bench long, not fail. */
const DEADLINE_MS = 600_000;

/** One round of one measured thing. */
export interface Taken {
  readonly attachMs: number;
  readonly detachMs: number;
}

/** What is measured: by whom, how many portals and volumes, and what is wrong with the last portal. */
export interface Case {
  readonly by: 'mooring' | 'bare tools';
  readonly portals: number;
  readonly volumes: number;
  /** Default: nothing. */
  readonly fault?: 'dropped' | 'resetting';
  /** mooring waits for every path, as the script does; otherwise for as long as it does by default. */
  readonly awaitsAll: boolean;
}

/** Attaches and detaches in the guest, and takes the time; nothing is left between two rounds. */
export class Measurement {
  private readonly host: RealHostUnderTest;
  private readonly tools: BareTools;
  private readonly volumes: readonly Volume[];

  constructor(host: RealHostUnderTest, volumes: readonly Volume[]) {
    this.host = host;
    this.tools = new BareTools(host.guest);
    this.volumes = volumes;
  }

  async take(each: Case): Promise<Taken> {
    const portals = this.host.portals.slice(0, each.portals);
    const last = portals.at(-1) ?? '';
    if (each.fault === 'dropped') await this.host.dropPortal(last);
    if (each.fault === 'resetting') await this.host.resetPortal(last);
    const { attach, detach } = this.work(each, portals);
    const started = performance.now();
    await attach();
    const attached = performance.now();
    await detach();
    const detached = performance.now();
    if (each.fault !== undefined) await this.host.restorePortals();
    // What udev and multipathd still have to do is not for the next round to pay.
    await this.host.guest.script('udevadm settle');
    return { attachMs: attached - started, detachMs: detached - attached };
  }

  private work(
    { by, volumes: count, awaitsAll }: Case,
    portals: readonly string[],
  ): { attach: () => Promise<unknown>; detach: () => Promise<unknown> } {
    const { host, tools } = this;
    const volumes = this.volumes.slice(0, count);
    if (by === 'bare tools') {
      const wanted = { iqn: host.iqn, portals, volumes };
      return { attach: () => tools.attach(wanted), detach: () => tools.detach(wanted) };
    }
    const policy = { deadlineMs: DEADLINE_MS, ...(awaitsAll ? {} : DEFAULT_GRACE) };
    return {
      attach: () =>
        allEnded(
          volumes.map((volume) => host.attach(requestFor(host, volume, { policy }, portals))),
        ),
      detach: () => allEnded(volumes.map(({ volumeId }) => host.detach(volumeId))),
    };
  }
}

/** Waits for all of them, also when one fails; then fails as the first one did. */
async function allEnded(works: readonly Promise<unknown>[]): Promise<void> {
  const ends = await Promise.allSettled(works);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
