import { setTimeout as pause } from 'node:timers/promises';
import { cleanHost } from '../clean-host.js';
import type { Guest } from '../guest.js';
import { GuestNetwork } from '../guest-network.js';
import { createTarget, createUnits, mapLuns, wwidOf, type Target } from '../target.js';

export const IQN = 'iqn.2026-11.io.mooring:t1';
export const PORTALS = ['127.0.1.1:3260', '127.0.1.2:3260', '127.0.1.3:3260', '127.0.1.4:3260'];
export const LUN_1 = { lun: 1, sizeBytes: 67_108_864, serial: 'a1' };
export const LUN_2 = { lun: 2, sizeBytes: 67_108_864, serial: 'a2' };
export const WWID_1 = wwidOf(LUN_1).dm;
export const WWID_2 = wwidOf(LUN_2).dm;
export const TARGET: Target = { iqn: IQN, portals: PORTALS, groups: 'one' };

const LOOK_INTERVAL_MS = 100;

/** The guest with the target all recordings are made against. */
export class RecordingHost {
  readonly guest: Guest;
  readonly network: GuestNetwork;

  constructor(guest: Guest) {
    this.guest = guest;
    this.network = new GuestNetwork(guest);
  }

  async createTarget(): Promise<void> {
    await createTarget(this.guest, TARGET);
    await createUnits(this.guest, [LUN_1, LUN_2]);
    await mapLuns(
      this.guest,
      TARGET,
      [LUN_1, LUN_2].map((unit) => ({ unit, lun: unit.lun })),
    );
  }

  node(portal: string, ...args: string[]): string[] {
    return ['iscsiadm', '-m', 'node', '-T', IQN, '-p', portal, ...args];
  }

  async newRecord(portal: string, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.must(this.node(portal, '-o', 'new'));
    const all = { 'node.session.scan': 'manual', ...settings };
    const pairs = Object.entries(all).flatMap(([name, value]) => ['-n', name, '-v', value]);
    await this.must(this.node(portal, '-o', 'update', ...pairs));
  }

  async login(portal: string): Promise<void> {
    await this.must(this.node(portal, '--login'));
  }

  /** Session numbers, oldest first. */
  async sessionIds(): Promise<string[]> {
    const names = await this.guest.script(
      `ls /sys/class/iscsi_session 2>/dev/null | sed s/session// | sort -n || true`,
    );
    return names.split('\n').filter((name) => name !== '');
  }

  async scsiHosts(): Promise<string[]> {
    const names = await this.guest.script(
      `ls /sys/class/iscsi_host 2>/dev/null | sed s/host// | sort -n || true`,
    );
    return names.split('\n').filter((name) => name !== '');
  }

  /** Asks each host of a session for one LUN, one after the other. */
  async scan(lun: number, hosts?: readonly string[]): Promise<void> {
    for (const host of hosts ?? (await this.scsiHosts())) {
      await this.guest.script(`echo '0 0 ${String(lun)}' > /sys/class/scsi_host/host${host}/scan`);
    }
  }

  async disks(): Promise<string[]> {
    const names = await this.guest.script('ls /sys/block | grep ^sd || true');
    return names.split('\n').filter((name) => name !== '');
  }

  /** Runs a script again and again until it succeeds; says how long that took. */
  async until(
    bash: string,
    { withinMs = 30_000 }: { readonly withinMs?: number } = {},
  ): Promise<number> {
    const started = performance.now();
    for (;;) {
      const { code } = await this.guest.run(['bash', '--norc', '-c', bash]);
      const tookMs = Math.round(performance.now() - started);
      if (code === 0) return tookMs;
      if (tookMs > withinMs) throw new Error(`not within ${String(withinMs)} ms: ${bash}`);
      await pause(LOOK_INTERVAL_MS);
    }
  }

  async must(argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.guest.run(argv);
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${String(code)}: ${stderr}`);
    return stdout;
  }

  /** Back to a host that knows of no target. */
  async clean(): Promise<void> {
    await this.network.restore();
    await this.guest.script('systemctl is-active --quiet multipathd || systemctl start multipathd');
    await cleanHost(this.guest);
  }
}
