import { setTimeout as pause } from 'node:timers/promises';
import type { Guest } from './guest.js';

const CONFIG_FILE = '/etc/multipath.conf';
const UNITS = 'multipathd.socket multipathd.service';
const ISCSID_UNITS = 'iscsid.socket iscsid.service';
const LOOK_INTERVAL_MS = 100;
const SETTLE_MS = 60_000;

export interface MultipathSettings {
  readonly findMultipaths?: 'strict' | 'smart' | 'yes' | 'no';
  readonly friendlyNames?: boolean;
}

/** What multipathd calls a value of `find_multipaths`. */
const SAID_OF = { strict: 'strict', smart: 'smart', yes: 'on', no: 'off' } as const;

/** multipathd, iscsid and udev of the guest, in an experimenter's hands. */
export class GuestDaemons {
  private readonly guest: Guest;
  private isConfigured = false;
  private isStopped = false;
  private isUdevHeld = false;
  private isIscsidDown = false;

  constructor(guest: Guest) {
    this.guest = guest;
  }

  async configureMultipath(settings: MultipathSettings): Promise<void> {
    const { findMultipaths, friendlyNames } = settings;
    const lines = [
      ...(findMultipaths === undefined ? [] : [`  find_multipaths ${findMultipaths}`]),
      ...(friendlyNames === undefined ? [] : [`  user_friendly_names ${yesNo(friendlyNames)}`]),
    ];
    this.isConfigured = true;
    await this.guest.writeFile(CONFIG_FILE, `defaults {\n${lines.join('\n')}\n}\n`);
    await this.reconfigure(settings);
  }

  async stopMultipathd(): Promise<void> {
    this.isStopped = true;
    await this.guest.script(`systemctl stop ${UNITS}`);
  }

  async startMultipathd(): Promise<void> {
    // One that failed over and over is not started again by systemd until it forgets about that.
    await this.guest.script(`systemctl reset-failed ${UNITS}; systemctl start ${UNITS}`);
    await this.until('multipathd show status');
    this.isStopped = false;
  }

  /** It dies as by SIGKILL; whoever asks for it next starts it anew. */
  async killMultipathd(): Promise<void> {
    this.isStopped = true;
    await this.guest.script('systemctl kill --kill-who=main -s KILL multipathd.service');
  }

  async restartMultipathd(): Promise<void> {
    await this.guest.script('systemctl restart multipathd.service');
  }

  /** Nobody answers iscsiadm any more; sessions stay, and nobody mends them. */
  async stopIscsid(): Promise<void> {
    this.isIscsidDown = true;
    await this.guest.script(`systemctl stop ${ISCSID_UNITS}`);
  }

  async startIscsid(): Promise<void> {
    await this.guest.script(
      `systemctl reset-failed ${ISCSID_UNITS}; systemctl start ${ISCSID_UNITS}`,
    );
    this.isIscsidDown = false;
  }

  /** It dies as by SIGKILL; whoever asks for it next starts it anew. */
  async killIscsid(): Promise<void> {
    this.isIscsidDown = true;
    await this.guest.script('systemctl kill -s KILL iscsid.service');
  }

  async restartIscsid(): Promise<void> {
    await this.guest.script('systemctl restart iscsid.service');
  }

  async holdUdev(): Promise<void> {
    this.isUdevHeld = true;
    await this.guest.script('udevadm control --stop-exec-queue');
  }

  async releaseUdev(): Promise<void> {
    await this.guest.script('udevadm control --start-exec-queue');
    this.isUdevHeld = false;
  }

  /** All run again. */
  async resume(): Promise<void> {
    if (this.isIscsidDown) await this.startIscsid();
    if (this.isUdevHeld) await this.releaseUdev();
    if (this.isStopped) await this.startMultipathd();
  }

  /** multipathd is as it came. */
  async restoreConfiguration(): Promise<void> {
    if (!this.isConfigured) return;
    await this.guest.script(`rm -f ${CONFIG_FILE} /etc/multipath/bindings`);
    await this.reconfigure({});
    this.isConfigured = false;
  }

  /** Returns when the settings are in force; the daemon answers before it has begun. */
  private async reconfigure({ findMultipaths, friendlyNames }: MultipathSettings): Promise<void> {
    await this.guest.script('multipathd reconfigure');
    const find = SAID_OF[findMultipaths ?? 'strict'];
    const friendly = yesNo(friendlyNames ?? false);
    await this.until(`
      config=$(multipathd show config) &&
      grep -q 'find_multipaths "${find}"' <<< "$config" &&
      grep -q 'user_friendly_names "${friendly}"' <<< "$config" &&
      multipathd show daemon | grep -Eq 'idle|running'`);
  }

  /** Runs a script again and again until it succeeds. */
  private async until(bash: string): Promise<void> {
    const end = performance.now() + SETTLE_MS;
    for (;;) {
      const { code, stderr } = await this.guest.run(['bash', '--norc', '-c', bash]);
      if (code === 0) return;
      if (performance.now() > end) throw new Error(`not in time: ${bash}: ${stderr}`);
      await pause(LOOK_INTERVAL_MS);
    }
  }
}

function yesNo(value: boolean): 'yes' | 'no' {
  return value ? 'yes' : 'no';
}
