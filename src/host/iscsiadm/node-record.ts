/**
 * A node record: open-iscsi's stored settings for a target, portal and iface, as text (2.1.8):
 *
 *     # BEGIN RECORD 2.1.8
 *     node.name = iqn.2026-11.io.example:array1
 *     node.session.auth.authmethod = None
 *     # END RECORD
 *
 * mooring edits the file instead of giving settings to `iscsiadm -o update`: a secret then is never
 * an argument of a command, which everybody on the host can read.
 */

const SETTING = /^\s*([^\s=#]+)\s*=\s*(.*?)\s*$/s;
const END = /^\s*# END RECORD/;

/** Longest value open-iscsi keeps (VALUE_MAXVAL 256, less the end mark). */
export const VALUE_MAX_BYTES = 255;

/** Settings by name; `undefined` takes a setting out of the record. */
export type RecordSettings = Readonly<Record<string, string | undefined>>;

/** The settings of a record, in its order. */
export function parseSettings(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = SETTING.exec(line) ?? [];
    if (name !== undefined && value !== undefined) settings.set(name, value);
  }
  return settings;
}

/**
 * Sets, replaces or removes settings of a record; every other line stays as it is, and where it is.
 * New settings go before the record's end.
 *
 * @throws RangeError for a value that would not survive open-iscsi's parser; its text is not said
 */
export function applySettings(text: string, settings: RecordSettings): string {
  const pending = new Map(Object.entries(settings));
  for (const [name, value] of pending) requireStorable(name, value);
  const lines: string[] = [];
  const written = new Set<string>();
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const name = SETTING.exec(line)?.[1];
    if (name === undefined || !pending.has(name)) {
      lines.push(line);
      continue;
    }
    const value = pending.get(name);
    // A name that stands twice: the later one would win, so it must not stay.
    if (value !== undefined && !written.has(name)) lines.push(formatSetting(name, value));
    written.add(name);
  }
  const added = [...pending].flatMap(([name, value]) =>
    value === undefined || written.has(name) ? [] : [formatSetting(name, value)],
  );
  const end = lines.findIndex((line) => END.test(line));
  lines.splice(end === -1 ? lines.length : end, 0, ...added);
  return `${lines.join('\n')}\n`;
}

/** Says why a value cannot stand in a record, or `undefined`. Never repeats the value. */
export function recordValueProblem(value: string): string | undefined {
  if (value === '') return 'is empty';
  if (/\p{Cc}/u.test(value)) return 'holds control characters';
  if (value !== value.trim()) return 'begins or ends with white space';
  if (Buffer.byteLength(value) > VALUE_MAX_BYTES) return `is longer than ${VALUE_MAX_BYTES} bytes`;
  return undefined;
}

function requireStorable(name: string, value: string | undefined): void {
  const problem = value === undefined ? undefined : recordValueProblem(value);
  if (problem !== undefined) throw new RangeError(`value of ${name} ${problem}`);
}

function formatSetting(name: string, value: string): string {
  return `${name} = ${value}`;
}
