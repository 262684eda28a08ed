import { spawn, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { AgentChannel } from './agent-channel.js';
import type { GuestImage } from './build-image.js';
import { TOOL_ENVIRONMENT } from './host-tools.js';

const CHECKOUT = join(import.meta.dirname, '..');
const FORWARDER = join(import.meta.dirname, 'temporal-forward.mjs');

const KERNEL_COMMAND_LINE = [
  'root=/dev/vda rw console=ttyS0 net.ifnames=0',
  // Protection against nothing the guest does, at the price of a slower emulated kernel.
  'mitigations=off',
  // On a busy machine the emulated timer misses its test, and the kernel takes it for broken.
  'no_timer_check',
  'quiet',
].join(' ');

export interface EmulatorOptions {
  readonly image: GuestImage;
  /** The image as this run has changed it. */
  readonly overlay: string;
  readonly consoleLog: string;
  readonly temporalPort: number | undefined;
}

/** One power-on of the guest: from now on until its power goes. */
export interface Emulator {
  readonly channel: AgentChannel;
  readonly exited: Promise<void>;
  /** Pulls the plug. */
  readonly kill: () => void;
}

/** Starts the emulator; it dies with this process, however that ends. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const errors = await open(`${options.consoleLog}.qemu`, 'w');
  // The kernel sends the signal when our main thread is gone, even by SIGKILL.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...commandLine(options)], {
    env: TOOL_ENVIRONMENT,
    stdio: ['pipe', 'pipe', errors.fd],
  });
  await errors.close();
  const { stdin, stdout } = child as { stdin: Writable; stdout: Readable };
  const channel = new AgentChannel({ orders: stdin, answers: stdout });
  const exited = whenExited(child).then((reason) => {
    channel.close(new Error(`the guest is off (${reason}), see ${options.consoleLog}`));
  });
  return { channel, exited, kill: () => child.kill('SIGKILL') };
}

function whenExited(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`emulator: ${signal ?? `exit ${String(code)}`}`));
  });
}

function commandLine({ image, overlay, consoleLog, temporalPort }: EmulatorOptions): string[] {
  return [
    'qemu-system-x86_64',
    // Never kvm: where nested paging is paravirtual, a guest under it hangs.
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '2048'],
    ...['-nodefaults', '-display', 'none', '-no-reboot', '-rtc', 'base=utc'],
    ...['-kernel', image.kernel, '-initrd', image.initrd, '-append', KERNEL_COMMAND_LINE],
    ...['-drive', `file=${escaped(overlay)},if=virtio,format=qcow2`],
    ...['-drive', `file=${escaped(image.toolsDisk)},if=virtio,format=raw,readonly=on`],
    ...['-serial', `file:${escaped(consoleLog)}`],
    ...['-chardev', 'stdio,id=agent,signal=off', '-device', 'virtio-serial-pci'],
    ...['-device', 'virtserialport,chardev=agent,name=mooring.lab'],
    '-virtfs',
    `local,path=${escaped(CHECKOUT)},mount_tag=mooring,security_model=none,readonly=on,multidevs=remap`,
    ...networkTo(temporalPort),
  ];
}

/** The one way out of the guest is to the Temporal server on this machine's loopback. */
function networkTo(temporalPort: number | undefined): string[] {
  if (temporalPort === undefined) return ['-nic', 'none'];
  // A command for each connection: the plain form opens one at the start and never again.
  const forwarder = `"${process.execPath}" "${FORWARDER}" ${String(temporalPort)}`;
  const forward = `guestfwd=tcp:10.0.2.100:7233-cmd:${escaped(forwarder)}`;
  return [
    ...['-netdev', `user,id=n0,restrict=on,${forward}`],
    ...['-device', 'virtio-net-pci,netdev=n0'],
  ];
}

/** A comma ends an option of the emulator. */
function escaped(value: string): string {
  return value.replaceAll(',', ',,');
}
