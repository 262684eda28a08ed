/**
 * iSCSI target names. RFC 3720 3.2.6 names the forms; real arrays use others, so only what could
 * confuse a tool or a path is refused. Names are kept as given and compared without case.
 */

/** RFC 3720 3.2.6.1: at most 223 bytes. */
const TARGET_NAME_MAX_BYTES = 223;

/** `iqn.yyyy-mm.reversed.domain[:rest]`, `eui.` + 16 hex digits, `naa.` + 16 or 32 hex digits. */
const REGULAR_NAME =
  /^(?:iqn\.\d{4}-(?:0[1-9]|1[0-2])\.[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::.*)?|eui\.[0-9a-f]{16}|naa\.(?:[0-9a-f]{16}|[0-9a-f]{32}))$/;

/** Says what is wrong with a target name, or `undefined`. */
export function targetNameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (/\s/u.test(name)) return 'holds white space';
  if (/\p{C}/u.test(name)) return 'holds control characters';
  if (/[/\\]/.test(name)) return 'holds a slash';
  if (name === '.' || name === '..' || name.startsWith('-')) return 'is no name';
  if (new TextEncoder().encode(name).length > TARGET_NAME_MAX_BYTES) {
    return `is longer than ${TARGET_NAME_MAX_BYTES} bytes`;
  }
  return undefined;
}

/** What a person should know about an accepted name, or `undefined`. */
export function targetNameWarning(name: string): string | undefined {
  return REGULAR_NAME.test(name.toLowerCase())
    ? undefined
    : `target name ${name} has none of the forms of RFC 3720; taken as it is`;
}

/** The one text by which two spellings of a target name are compared. */
export function targetNameKey(name: string): string {
  return name.toLowerCase();
}
