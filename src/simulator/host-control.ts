import type { Boundary, BoundarySpec } from './boundaries.js';
import type { Fault } from './fault-plan.js';
import type { HostSnapshot } from './observation.js';
import type {
  ChapSecret,
  Mapping,
  PortalCondition,
  TargetSpec,
  VolumeSpec,
} from './storage-array.js';

/** The array behind the hosts, in an experimenter's hands. A volume is known by its name. */
export interface ArrayControl {
  addVolume(spec: VolumeSpec): Promise<void>;
  /** Adds a target, or changes one: its units stay. */
  addTarget(spec: TargetSpec): Promise<void>;
  /** Takes a target away with its mappings; its volumes stay. */
  removeTarget(iqn: string): Promise<void>;
  /** What sendtargets discovery asks for from now on; nothing when left out. */
  setDiscoveryChap(asked: { readonly chap?: ChapSecret }): Promise<void>;
  /** Maps a volume to a LUN; if the number stood for another one, it is re-used. */
  mapLun(mapping: Mapping): Promise<void>;
  unmapLun(unit: { readonly iqn: string; readonly lun: number }): Promise<void>;
  resizeVolume(change: { readonly volume: string; readonly sizeBytes: number }): Promise<void>;
  /** How a portal answers every host. */
  setPortal(change: {
    readonly portal: string;
    readonly condition: PortalCondition;
  }): Promise<void>;
  /** What is on the volume itself, whatever hosts still have in their caches. */
  readVolume(extent: { volume: string; offset: number; length: number }): Promise<Uint8Array>;
}

/**
 * What an experimenter may do to a simulated host beside the two seams. The same in the process and
 * across the socket.
 */
export interface HostControl {
  readonly array: ArrayControl;

  snapshot(): Promise<HostSnapshot>;
  /** The last command lines that were run, oldest first. */
  runs(): Promise<readonly string[]>;
  /** Milliseconds of the host's own clock. */
  now(): Promise<number>;

  /** @returns the id for {@link removeFault} */
  addFault(fault: Fault): Promise<number>;
  removeFault(id: number): Promise<void>;
  clearFaults(): Promise<void>;
  /** Stops the machine at a call; see {@link BoundarySpec}. */
  setBoundary(spec: BoundarySpec): Promise<Boundary>;

  /** Power off and on at once: nothing is flushed, logged out or answered. */
  reboot(): Promise<void>;
  powerOff(): Promise<void>;
  powerOn(): Promise<void>;

  /** Writes through a device (`/dev/dm-0`, any link to it); dirty until it is flushed. */
  writeThrough(devicePath: string, offset: number, bytes: Uint8Array): Promise<void>;
  readThrough(devicePath: string, offset: number, length: number): Promise<Uint8Array>;
  isDirty(devicePath: string): Promise<boolean>;

  /** Puts a partition table with one partition on a disk or a map, and has the kernel read it. */
  partition(devicePath: string): Promise<void>;
  mount(devicePath: string, point: string): Promise<void>;
  /** Writes back what is dirty, like umount(8). */
  unmount(point: string): Promise<void>;
  swapOn(devicePath: string): Promise<void>;
  swapOff(devicePath: string): Promise<void>;
  /**
   * @param program - what the kernel calls it, as in `ps`
   * @returns the number for {@link close}
   */
  holdOpen(devicePath: string, program?: string): Promise<number>;
  /** A mount in the namespace of a container. @returns the number for {@link close} */
  mountElsewhere(devicePath: string, point: string): Promise<number>;
  /** Ends an opening or a mount elsewhere; the last one writes back what is dirty. */
  close(open: number): Promise<void>;
  /** Puts another device-mapper device on top, as LVM or dm-crypt do. */
  addHolder(
    devicePath: string,
    holder: { readonly name: string; readonly uuid: string },
  ): Promise<void>;
  removeHolder(name: string): Promise<void>;
}
