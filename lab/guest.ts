import { Buffer } from 'node:buffer';
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ensureGuestImage, type GuestImage } from './build-image.js';
import { startEmulator, type Emulator } from './emulator.js';
import { TOOL_ENVIRONMENT } from './host-tools.js';

const run = promisify(execFile);

// Bounds, not expectations: other work on the machine slows an emulated CPU down several times.
/** Measured: 13 s on two idle cores, 60 s when six others wanted each of them. */
const BOOT_TIMEOUT_MS = 240_000;
const SHUTDOWN_TIMEOUT_MS = 120_000;
const COMMAND_TIMEOUT_MS = 60_000;
const FILE_TIMEOUT_MS = 20_000;
/** What a SIGTERM may take before SIGKILL. */
const STOP_DAEMON_TIMEOUT_MS = 20_000;
const LOOK_INTERVAL_MS = 100;

/** Where the checkout is in the guest, read-only. */
export const GUEST_CHECKOUT = '/mooring';
/** Node in the guest: the very program that runs this. */
export const GUEST_NODE = '/opt/lab/bin/node';
/** The Temporal server, as the guest sees it. */
export const GUEST_TEMPORAL_ADDRESS = '10.0.2.100:7233';

export interface GuestOptions {
  /** Takes the overlay, the console logs and nothing else; made when it is not there. */
  readonly runDirectory: string;
  /** Port of a Temporal server on this machine's loopback; without it the guest has no network. */
  readonly temporalPort?: number;
  /** Debian packages on top of what every guest has. */
  readonly packages?: readonly string[];
}

export interface CommandResult {
  /** `null` when a signal ended it, or when it outlived its timeout. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

export interface DaemonState {
  readonly pid: number;
  /** Absent as long as it runs. */
  readonly exit?: { readonly code: number | null; readonly signal: string | null };
}

/** Boots a pristine guest; the first one on a machine builds its image. */
export async function startGuest(options: GuestOptions): Promise<Guest> {
  const { runDirectory, temporalPort, packages } = options;
  const image = await ensureGuestImage(packages);
  await mkdir(runDirectory, { recursive: true });
  const overlay = join(runDirectory, 'disk.qcow2');
  const backing = ['-b', image.disk, '-F', 'raw'];
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', ...backing, overlay], {
    env: TOOL_ENVIRONMENT,
  });
  const guest = new Guest({ runDirectory, image, overlay, temporalPort });
  await guest.boot();
  return guest;
}

/** A Linux host under emulation, with all its own tools, for tests to use and to break. */
export class Guest {
  private readonly options: {
    readonly runDirectory: string;
    readonly image: GuestImage;
    readonly overlay: string;
    readonly temporalPort: number | undefined;
  };
  private emulator: Emulator | undefined;
  private boots = 0;
  private currentBootId = '';

  constructor(options: Guest['options']) {
    this.options = options;
  }

  get bootId(): string {
    return this.currentBootId;
  }

  /** The console of the present boot. */
  get consoleLog(): string {
    return join(this.options.runDirectory, `console-${String(this.boots)}.log`);
  }

  /** Power on, until the agent answers: multipathd and iscsid's socket are up then. */
  async boot(): Promise<void> {
    this.boots += 1;
    const { image, overlay, temporalPort } = this.options;
    const { consoleLog } = this;
    const emulator = await startEmulator({ image, overlay, consoleLog, temporalPort });
    this.emulator = emulator;
    const timer = setTimeout(emulator.kill, BOOT_TIMEOUT_MS);
    try {
      this.currentBootId = await emulator.channel.ready;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A clean reboot: services are stopped, disks are synced. Daemons and targets are gone after it. */
  async reboot(): Promise<void> {
    await this.shutDown('reboot');
    await this.boot();
  }

  /** Power off at this instant. What was not synced is lost; `boot()` brings the guest back. */
  async powerCut(): Promise<void> {
    const emulator = this.requireEmulator();
    emulator.kill();
    await emulator.exited;
    this.emulator = undefined;
  }

  /** Ends the guest for good, without ceremony: its disk is thrown away. Repeatable. */
  async stop(): Promise<void> {
    if (this.emulator !== undefined) await this.powerCut();
  }

  /** Runs one command and returns how it ended, whatever that is. */
  async run(
    argv: readonly string[],
    options: {
      readonly timeoutMs?: number;
      readonly input?: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly cwd?: string;
    } = {},
  ): Promise<CommandResult> {
    const timeoutMs = options.timeoutMs ?? COMMAND_TIMEOUT_MS;
    return this.ask('run', { argv, ...options, timeoutMs }, timeoutMs);
  }

  /**
   * Runs a bash script that stops at its first error.
   *
   * @returns its output, without the last line end
   * @throws an error with what it wrote, when it fails
   */
  async script(
    bash: string,
    { timeoutMs = COMMAND_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
  ): Promise<string> {
    // Its input is a socket, which makes bash read the settings of a login shell otherwise.
    const argv = ['bash', '--norc', '-euo', 'pipefail', '-c', bash];
    const result = await this.run(argv, { timeoutMs });
    if (result.code !== 0) {
      const end = result.timedOut ? 'did not end in time' : `ended with ${String(result.code)}`;
      throw new Error(`A script in the guest ${end}: ${result.stderr.trim() || result.stdout}`);
    }
    return result.stdout.trimEnd();
  }

  async readFile(path: string): Promise<string> {
    const { base64 } = await this.ask<{ base64: string }>('readFile', { path }, FILE_TIMEOUT_MS);
    return Buffer.from(base64, 'base64').toString();
  }

  /** Replaces a file as a whole, with the directories it needs. */
  async writeFile(
    path: string,
    contents: string,
    { mode = 0o644 }: { readonly mode?: number } = {},
  ): Promise<void> {
    const base64 = Buffer.from(contents).toString('base64');
    await this.ask('writeFile', { path, base64, mode }, FILE_TIMEOUT_MS);
  }

  /** Starts a process that goes on in the background; its output is appended to `daemonLog(name)`. */
  async startDaemon(
    name: string,
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<DaemonState> {
    const outputFile = this.daemonLog(name);
    return this.ask('startDaemon', { name, argv, env, outputFile }, COMMAND_TIMEOUT_MS);
  }

  /** In the guest; `readFile` reads it. */
  daemonLog(name: string): string {
    return `/var/log/lab/${name}.log`;
  }

  async daemonState(name: string): Promise<DaemonState> {
    return this.ask('daemonState', { name }, FILE_TIMEOUT_MS);
  }

  /** Asks a process to end, and ends it when it does not. */
  async stopDaemon(name: string): Promise<void> {
    await this.killDaemon(name, 'SIGTERM');
    if (await this.daemonEnded(name, STOP_DAEMON_TIMEOUT_MS)) return;
    await this.killDaemon(name, 'SIGKILL');
  }

  /**
   * Sends a signal to the process alone: what it has started lives on, as after a real crash.
   * After SIGKILL it is gone when this returns.
   */
  async killDaemon(name: string, signal: NodeJS.Signals): Promise<void> {
    await this.ask('signalDaemon', { name, signal, group: false }, FILE_TIMEOUT_MS);
    if (signal === 'SIGKILL') await this.daemonEnded(name, STOP_DAEMON_TIMEOUT_MS);
  }

  /** Sends an order the agent knows; for the lab's own modules. */
  async ask<Result>(order: string, input: unknown, timeoutMs: number): Promise<Result> {
    return this.requireEmulator().channel.ask(order, input, timeoutMs);
  }

  private async daemonEnded(name: string, withinMs: number): Promise<boolean> {
    const end = performance.now() + withinMs;
    for (;;) {
      const { exit } = await this.daemonState(name);
      if (exit !== undefined) return true;
      if (performance.now() > end) return false;
      await pause(LOOK_INTERVAL_MS);
    }
  }

  private async shutDown(verb: 'reboot' | 'poweroff'): Promise<void> {
    const emulator = this.requireEmulator();
    const timer = setTimeout(emulator.kill, SHUTDOWN_TIMEOUT_MS);
    await this.run(['systemctl', verb], { timeoutMs: SHUTDOWN_TIMEOUT_MS }).catch(() => undefined);
    await emulator.exited;
    clearTimeout(timer);
    this.emulator = undefined;
  }

  private requireEmulator(): Emulator {
    if (this.emulator === undefined) throw new Error('the guest is off');
    return this.emulator;
  }
}
