/**
 * WWIDs in udev's form, which is also multipathd's: a digit for the designator type, then the
 * designator: `3` naa, `2` eui, `1` t10, `8` anything else (os-brick.md 0.3).
 */

const UDEV_PREFIX: ReadonlyMap<string, string> = new Map([
  ['naa.', '3'],
  ['eui.', '2'],
  ['t10.', '1'],
]);

/** Turns the kernel's `device/wwid` text (`naa.6001405…`, `t10.LIO-ORG …`) into udev's form. */
export function udevWwid(sysfsWwid: string): string | undefined {
  const text = sysfsWwid.trim();
  if (text === '') return undefined;
  const type = text.slice(0, text.indexOf('.') + 1);
  const prefix = UDEV_PREFIX.get(type);
  const designator = prefix === undefined ? text : text.slice(type.length);
  // udev replaces each run of white space by one underscore (util_replace_whitespace).
  return `${prefix ?? '8'}${designator.trim().replaceAll(/\s+/gu, '_')}`;
}

/** Says what is wrong with an expected WWID, or `undefined`. */
export function wwidProblem(text: string): string | undefined {
  if (text.trim() === '') return 'is empty';
  if (text.length > 255) return 'is longer than 255 characters';
  if (/[/\\\p{C}]/u.test(text)) return 'holds a slash or control characters';
  return undefined;
}

/**
 * The one text by which an expected WWID is compared: without `0x`, `naa.`, `wwn-0x`, spaces and
 * case, and without udev's type digit where the rest is an NAA or EUI number of proper length.
 */
export function wwidKey(text: string): string {
  const compact = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/gu, '')
    .replace(/^(?:wwn-|scsi-)/, '')
    .replace(/^(?:naa\.|eui\.)/, '')
    .replace(/^t10\./, '1')
    .replace(/^0x/, '');
  return /^[23](?:[0-9a-f]{16}|[0-9a-f]{32})$/.test(compact) ? compact.slice(1) : compact;
}

/** Whether two spellings name the same logical unit. */
export function sameWwid(left: string, right: string): boolean {
  return wwidKey(left) === wwidKey(right);
}
