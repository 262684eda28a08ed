import { createClock } from '../clock.js';
import type { Durations } from '../durations.js';
import { createSimulatedHost, type SimulatedHost } from '../simulated-host.js';
import { StorageArray, type Mapping, type TargetSpec, type VolumeSpec } from '../storage-array.js';

/** What a simulator process is told at its start, as JSON. */
export interface SimulatorConfig {
  readonly socketPath: string;
  /** @default 1 */
  readonly timeScale?: number;
  readonly durations?: Partial<Durations>;
  readonly hosts: readonly string[];
  readonly volumes?: readonly VolumeSpec[];
  readonly targets?: readonly TargetSpec[];
  readonly mappings?: readonly Mapping[];
}

/**
 * Reads the config.
 *
 * @throws RangeError when it is none
 */
export function parseSimulatorConfig(text: string): SimulatorConfig {
  const config = JSON.parse(text) as Partial<SimulatorConfig>;
  if (typeof config.socketPath !== 'string') throw new RangeError('config: socketPath is missing');
  if (!Array.isArray(config.hosts) || config.hosts.length === 0) {
    throw new RangeError('config: hosts must name at least one host');
  }
  return { ...config, socketPath: config.socketPath, hosts: config.hosts as string[] };
}

/** One array and the hosts in front of it, all on one clock. */
export function buildHosts(config: SimulatorConfig): ReadonlyMap<string, SimulatedHost> {
  const array = new StorageArray();
  for (const volume of config.volumes ?? []) array.addVolume(volume);
  for (const target of config.targets ?? []) array.addTarget(target);
  for (const mapping of config.mappings ?? []) array.mapLun(mapping);
  const clock = createClock(config.timeScale);
  const durations = config.durations ?? {};
  return new Map(
    config.hosts.map((hostId) => [
      hostId,
      createSimulatedHost({ hostId, array, clock, durations }),
    ]),
  );
}
