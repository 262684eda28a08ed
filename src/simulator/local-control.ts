import type { Boundary, BoundarySpec } from './boundaries.js';
import type { SimulatedRunner } from './commands/simulated-runner.js';
import type { Fault } from './fault-plan.js';
import type { ArrayControl, HostControl } from './host-control.js';
import type { LinuxHost } from './linux-host.js';
import { observe, type HostSnapshot } from './observation.js';
import type { StorageArray } from './storage-array.js';
import { SystemError } from './files/system-error.js';
import type { FileTree } from '../host/file-tree.js';

/** The control of a host in this process. */
export class LocalControl implements HostControl {
  readonly array: ArrayControl;
  readonly #host: LinuxHost;
  readonly #files: FileTree;
  readonly #runner: SimulatedRunner;

  constructor(
    host: LinuxHost,
    seams: { readonly files: FileTree; readonly runner: SimulatedRunner },
  ) {
    this.#host = host;
    this.#files = seams.files;
    this.#runner = seams.runner;
    this.array = controlArray(host.network.array);
  }

  async snapshot(): Promise<HostSnapshot> {
    return observe(this.#host);
  }

  async runs(): Promise<readonly string[]> {
    return [...this.#runner.runs];
  }

  async now(): Promise<number> {
    return this.#host.clock.now();
  }

  async addFault(fault: Fault): Promise<number> {
    return this.#host.faults.add(fault);
  }

  async removeFault(id: number): Promise<void> {
    this.#host.faults.remove(id);
  }

  async clearFaults(): Promise<void> {
    this.#host.faults.clear();
  }

  async setBoundary(spec: BoundarySpec): Promise<Boundary> {
    return this.#host.boundaries.set(spec);
  }

  async reboot(): Promise<void> {
    this.#host.reboot();
  }

  async powerOff(): Promise<void> {
    this.#host.powerOff();
  }

  async powerOn(): Promise<void> {
    this.#host.powerOn();
  }

  async writeThrough(devicePath: string, offset: number, bytes: Uint8Array): Promise<void> {
    const block = await this.#block(devicePath);
    await this.#host.serve(async ({ io }) => io.write(block, offset, bytes));
  }

  async readThrough(devicePath: string, offset: number, length: number): Promise<Uint8Array> {
    const block = await this.#block(devicePath);
    return this.#host.serve(({ io }) => io.read(block, offset, length));
  }

  async isDirty(devicePath: string): Promise<boolean> {
    return this.#host.running.io.isDirty(await this.#block(devicePath));
  }

  async partition(devicePath: string): Promise<void> {
    const { scsi, mapper, uevents } = this.#host.running;
    const block = await this.#block(devicePath);
    const disks = [block, ...(mapper.ofBlock(block)?.slaves ?? [])].flatMap(
      (each) => scsi.ofBlock(each) ?? [],
    );
    for (const disk of disks) {
      const unit = scsi.unit(disk);
      if (unit !== undefined) unit.partitioned = true;
    }
    // Only the device that was asked reads it: a map's paths do when they appear anew.
    const disk = scsi.ofBlock(block);
    if (disk !== undefined) scsi.rereadPartitions(disk);
    uevents.announce({ action: 'change', block });
  }

  async mount(devicePath: string, point: string): Promise<void> {
    this.#host.running.users.mount(await this.#block(devicePath), point);
  }

  async unmount(point: string): Promise<void> {
    await this.#flushAfterLastUse(this.#host.running.users.unmount(point));
  }

  async swapOn(devicePath: string): Promise<void> {
    this.#host.running.users.swapOn(await this.#block(devicePath));
  }

  async swapOff(devicePath: string): Promise<void> {
    this.#host.running.users.swapOff(await this.#block(devicePath));
  }

  async holdOpen(devicePath: string, program = 'holder'): Promise<number> {
    return this.#host.running.users.open(await this.#block(devicePath), program);
  }

  async mountElsewhere(devicePath: string, point: string): Promise<number> {
    return this.#host.running.users.mountElsewhere(await this.#block(devicePath), point);
  }

  async close(open: number): Promise<void> {
    await this.#flushAfterLastUse(this.#host.running.users.close(open));
  }

  async addHolder(devicePath: string, holder: { name: string; uuid: string }): Promise<void> {
    const block = await this.#block(devicePath);
    const { mapper, io } = this.#host.running;
    mapper.create({ ...holder, slaves: [block], sizeBytes: io.sizeBytes(block) });
  }

  async removeHolder(name: string): Promise<void> {
    const { mapper } = this.#host.running;
    const holder = mapper.ofName(name);
    if (holder === undefined) throw new RangeError(`there is no device-mapper device ${name}`);
    mapper.remove(holder);
  }

  async #block(devicePath: string): Promise<string> {
    const real = await this.#files.realPath(devicePath);
    const block = real.slice('/dev/'.length);
    if (!real.startsWith('/dev/') || block.includes('/')) {
      throw new SystemError('ENODEV', 'open', devicePath);
    }
    return block;
  }

  /** The kernel writes back when a device is closed for the last time; errors are nobody's then. */
  async #flushAfterLastUse(block: string | undefined): Promise<void> {
    if (block === undefined || this.#host.running.users.count(block) > 0) return;
    await this.#host.serve(({ io }) => io.flush(block)).catch(() => undefined);
  }
}

/** The control of an array in this process. */
function controlArray(array: StorageArray): ArrayControl {
  return {
    addVolume: async (spec) => void array.addVolume(spec),
    addTarget: async (spec) => array.addTarget(spec),
    removeTarget: async (iqn) => array.removeTarget(iqn),
    setDiscoveryChap: async (asked) => array.setDiscoveryChap(asked),
    mapLun: async (mapping) => array.mapLun(mapping),
    unmapLun: async (unit) => array.unmapLun(unit),
    resizeVolume: async (change) => array.resizeVolume(change),
    setPortal: async (change) => array.setPortal(change),
    readVolume: async ({ volume, offset, length }) =>
      array.volume(volume).content.read(offset, length),
  };
}
