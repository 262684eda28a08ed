import type { CinderFields } from './cinder-fields.js';

/** What the options of the caller have to do with warnings. */
interface Circumstances {
  readonly isOtherVolume: boolean;
  readonly isRefUnused: boolean;
  readonly isDiscoveryRefUnused: boolean;
}

/** What a connection asks for that an attach does not do, and options that have no effect. */
export function cinderWarnings(
  data: CinderFields,
  { isOtherVolume, isRefUnused, isDiscoveryRefUnused }: Circumstances,
): readonly string[] {
  const cases: readonly (readonly [applies: boolean, warning: string])[] = [
    [
      data.flag('encrypted') === true,
      `${data.nameOf('encrypted')}: the raw device is attached; opening it is left to the caller`,
    ],
    [
      data.value('access_mode') === 'ro',
      `${data.nameOf('access_mode')}: nothing here keeps a user of the device from writing`,
    ],
    [isOtherVolume, 'volumeId: the connection names another volume in volume_id'],
    [isRefUnused, 'secretRef: the connection has no credentials, so it is not used'],
    [isDiscoveryRefUnused, 'discoverySecretRef: there is no discovery with credentials'],
  ];
  return cases.filter(([applies]) => applies).map(([, warning]) => warning);
}
