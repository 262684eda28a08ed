import { VOLUME_ID_PATTERN } from '../contract/ids.js';

/** Whether a value of a command line or a file can be a volume id. */
export function isVolumeId(value: unknown): value is string {
  return typeof value === 'string' && VOLUME_ID_PATTERN.test(value);
}
