import type { FileTree } from '../host/file-tree.js';
import type { PortalNetwork } from '../host/portal-network.js';
import type { CommandRunner } from '../privileged/command-runner.js';
import type { FileWriter } from '../privileged/file-writer.js';
import { createClock, type SimulatedClock } from './clock.js';
import { SimulatedRunner } from './commands/simulated-runner.js';
import { DURATIONS, type Durations } from './durations.js';
import { SimulatedFiles } from './files/simulated-files.js';
import type { HostControl } from './host-control.js';
import { LinuxHost } from './linux-host.js';
import { LocalControl } from './local-control.js';
import { SimulatedNetwork } from './simulated-network.js';
import type { StorageArray } from './storage-array.js';

/** A simulated host as the rooms above see it, and as an experimenter holds it. */
export interface SimulatedHost {
  readonly runner: CommandRunner;
  readonly files: FileTree;
  readonly writer: FileWriter;
  readonly network: PortalNetwork;
  readonly control: HostControl;
}

export interface SimulatedHostOptions {
  readonly hostId: string;
  readonly array: StorageArray;
  /**
   * Real milliseconds per simulated one. Also speeds up the deadlines of commands.
   * @default 1
   */
  readonly timeScale?: number;
  /** Shares a clock with other hosts, instead of `timeScale`. */
  readonly clock?: SimulatedClock;
  /** Durations that differ from {@link DURATIONS}, in milliseconds before scaling. */
  readonly durations?: Partial<Durations>;
}

/**
 * A simulated host in this process; it lives as long as the process does.
 *
 * @example
 * const array = new StorageArray();
 * array.addVolume({ name: 'v1', wwid: 'naa.6001405bea237473c2c4f98b14c7c293', sizeBytes: 67_108_864 });
 * array.addTarget({ iqn: 'iqn.2026-11.io.example:array1', portals: ['10.0.0.1:3260'] });
 * array.mapLun({ iqn: 'iqn.2026-11.io.example:array1', lun: 4, volume: 'v1' });
 * const host = createSimulatedHost({ hostId: 'db-17', array, timeScale: 0.01 });
 */
export function createSimulatedHost(options: SimulatedHostOptions): SimulatedHost {
  const { hostId, array, timeScale = 1, clock = createClock(timeScale) } = options;
  const durations = { ...DURATIONS, ...options.durations };
  const host = new LinuxHost({ hostId, array, clock, durations });
  const files = new SimulatedFiles(host);
  const runner = new SimulatedRunner(host);
  const network = new SimulatedNetwork(host);
  const control = new LocalControl(host, { files, runner });
  return { runner, files, writer: files, network, control };
}
