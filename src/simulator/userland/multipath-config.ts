import type { DiskDirectory } from '../files/disk-files.js';

const CONFIG_FILE = '/etc/multipath.conf';
const BINDINGS_FILE = '/etc/multipath/bindings';

const FIND_MULTIPATHS = ['strict', 'smart', 'yes', 'no', 'on', 'off', 'greedy'] as const;

/** What multipath-tools take from their configuration file; the rest of it is not looked at. */
export interface MultipathSettings {
  readonly findMultipaths: (typeof FIND_MULTIPATHS)[number];
  readonly friendlyNames: boolean;
}

/** `/etc/multipath.conf`, as it is on the disk now; absent: the built-in settings. */
export function readMultipathSettings(disk: DiskDirectory): MultipathSettings {
  const text = disk.read(CONFIG_FILE) ?? '';
  const value = (name: string): string | undefined =>
    new RegExp(`^\\s*${name}\\s+"?([a-z]+)"?`, 'm').exec(text)?.[1];
  const findMultipaths = value('find_multipaths');
  return {
    findMultipaths: FIND_MULTIPATHS.find((each) => each === findMultipaths) ?? 'strict',
    friendlyNames: value('user_friendly_names') === 'yes',
  };
}

/** Whether a map is made unasked, of these many known paths of a unit, by `should_multipath`. */
export function isMadeUnasked(
  { findMultipaths }: MultipathSettings,
  unit: { readonly paths: number; readonly isRemembered: boolean },
): boolean {
  switch (findMultipaths) {
    case 'no':
    case 'off':
    case 'greedy':
      return true;
    case 'yes':
    case 'on':
    case 'smart':
      return unit.paths > 1 || unit.isRemembered;
    case 'strict':
      return unit.isRemembered;
  }
}

/** The friendly name of a unit, the same for ever: `mpatha WWID` in the bindings file. */
export function friendlyName(disk: DiskDirectory, wwid: string): string {
  const text = disk.read(BINDINGS_FILE) ?? '';
  const bindings = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const bound = bindings.find((line) => line.endsWith(` ${wwid}`));
  if (bound !== undefined) return bound.split(' ')[0] ?? wwid;
  const name = `mpath${String.fromCharCode('a'.charCodeAt(0) + bindings.length)}`;
  disk.write(BINDINGS_FILE, `${text}${name} ${wwid}\n`, 0o600);
  return name;
}
