import type { DmFact, ScsiDeviceFact } from './facts.js';
import { failed, nameAll, passed, type Gate } from './gate.js';

/** What is seen of a volume after it was taken away. */
export interface AbsenceFacts {
  /** Every device that states the WWID. */
  readonly devices: readonly ScsiDeviceFact[];
  readonly map?: DmFact | undefined;
}

/**
 * All gates before a volume counts as gone from its host: only then may the array take its LUN away.
 * Another scan may have brought a device back since it was deleted.
 */
export function absenceGates({ devices, map }: AbsenceFacts): Gate[] {
  return [
    devices.length === 0
      ? passed('no-device-left', 'no device of the volume is on the host')
      : failed('no-device-left', `still on the host: ${nameAll(devices)}`),
    map === undefined
      ? passed('no-map-left', 'no map of the volume is on the host')
      : failed('no-map-left', `still on the host: map ${map.name} (${map.block})`),
  ];
}
