import { setTimeout as pause } from 'node:timers/promises';
import type { Guest } from '../guest.js';
import { createTarget, wwidOf, type Target } from '../target.js';

export const IQN = 'iqn.2026-11.io.mooring:t1';
export const PORTALS = ['127.0.1.1:3260', '127.0.1.2:3260', '127.0.1.3:3260', '127.0.1.4:3260'];
export const LUN_1 = { lun: 1, sizeBytes: 67_108_864, serial: 'a1' };
export const LUN_2 = { lun: 2, sizeBytes: 67_108_864, serial: 'a2' };
export const WWID_1 = wwidOf(LUN_1.serial).dm;
export const WWID_2 = wwidOf(LUN_2.serial).dm;

const LOOK_INTERVAL_MS = 100;
const CLEAN_TIMEOUT_MS = 120_000;

/** The guest with the target all recordings are made against. */
export class RecordingHost {
  readonly guest: Guest;

  constructor(guest: Guest) {
    this.guest = guest;
  }

  async createTarget(): Promise<void> {
    const target: Target = { iqn: IQN, portals: PORTALS, luns: [LUN_1, LUN_2] };
    await createTarget(this.guest, target);
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
    for (const portal of PORTALS) await this.guest.restorePortal(portal.split(':')[0] ?? '');
    await this.guest.script(
      `
      systemctl is-active --quiet multipathd || systemctl start multipathd
      for name in $(ls /sys/block | grep ^dm- || true); do
        multipathd disablequeueing map $(cat /sys/block/$name/dm/name) > /dev/null || true
      done
      udevadm settle
      for attempt in 1 2 3 4 5 6 7 8; do
        ! ls /sys/block | grep -q ^dm- || multipath -F || sleep 1
      done
      for disk in $(ls /sys/block | grep ^sd || true); do
        echo 1 > /sys/block/$disk/device/delete
      done
      iscsiadm -m node --logoutall=all > /dev/null || true
      rm -rf /etc/iscsi/nodes /etc/iscsi/send_targets /etc/multipath/wwids
      mkdir -p /etc/iscsi/nodes /etc/iscsi/send_targets
      udevadm settle`,
      { timeoutMs: CLEAN_TIMEOUT_MS },
    );
    await this.until('[ "$(multipathd show paths raw format %d | grep -c ^sd)" = 0 ]');
  }
}
