import type { RealHostUnderTest } from '../../lab/real-host-under-test.js';
import type { Volume } from '../../test/conformance/host-under-test.js';
import type { Contender, Wanted } from './contender.js';

/** One round of one measured thing. */
export interface Taken {
  readonly attachMs: number;
  readonly detachMs: number;
}

/** What is measured: by whom, how many portals and volumes, and what is wrong with the last portal. */
export interface Case<By extends string = string> {
  readonly by: By;
  readonly portals: number;
  readonly volumes: number;
  /** `lost`: dropped between attach and detach. Default: nothing is wrong. */
  readonly fault?: 'dropped' | 'resetting' | 'lost';
  /** Every path is waited for; otherwise as many as whoever attaches waits for by default. */
  readonly awaitsAll: boolean;
  /** At most so many, of a case that takes minutes; and then it is not warmed up either. */
  readonly rounds?: number;
}

/** Attaches and detaches in the guest, and takes the time; nothing is left between two rounds. */
export class Measurement<By extends string> {
  private readonly host: RealHostUnderTest;
  private readonly volumes: readonly Volume[];
  private readonly contenders: Readonly<Record<By, Contender>>;

  constructor(
    host: RealHostUnderTest,
    volumes: readonly Volume[],
    contenders: Readonly<Record<By, Contender>>,
  ) {
    this.host = host;
    this.volumes = volumes;
    this.contenders = contenders;
  }

  async take(name: string, each: Case<By>): Promise<Taken> {
    const { host } = this;
    const contender = this.contenders[each.by];
    const wanted: Wanted = {
      name,
      iqn: host.iqn,
      portals: host.portals.slice(0, each.portals),
      volumes: this.volumes.slice(0, each.volumes),
      awaitsAll: each.awaitsAll,
    };
    const last = wanted.portals.at(-1) ?? '';
    if (each.fault === 'dropped') await host.dropPortal(last);
    if (each.fault === 'resetting') await host.resetPortal(last);
    const attachMs = await contender.attach(wanted);
    if (each.fault === 'lost') {
      // A portal that dies under udev's first look at the map is another case.
      await host.guest.script('udevadm settle');
      await host.dropPortal(last);
    }
    const detachMs = await contender.detach(wanted);
    if (each.fault !== undefined) await host.restorePortals();
    // What udev and multipathd still have to do is not for the next round to pay.
    await host.guest.script('udevadm settle');
    return { attachMs, detachMs };
  }
}
