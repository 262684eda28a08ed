/** Where multipath remembers the units it has made maps of. */
export const WWIDS_FILE = '/etc/multipath/wwids';

/**
 * Whether multipath's wwids file holds the WWID. Its lines look like
 * `/36001405bea237473c2c4f98b14c7c293/`, comments start with `#` (multipath-tools 0.9.4).
 */
export function wwidsFileHolds(text: string, wwid: string): boolean {
  return text.split('\n').some((line) => line.trim() === `/${wwid}/`);
}
