/**
 * The text of an open-iscsi record: lines `name = value`, comments, in any order. Read anew at each
 * use, so whoever edits the file has edited the record.
 */
export function readSettings(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const split = line.indexOf(' = ');
    if (!line.startsWith('#') && split > 0)
      values.set(line.slice(0, split).trim(), line.slice(split + 3).trim());
  }
  return values;
}

/** Sets one setting, as `-o update` does: in its place, or before the record's end. */
export function withSetting(text: string, name: string, value: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  const at = lines.findIndex((line) => line.startsWith(`${name} = `));
  if (at >= 0) lines[at] = `${name} = ${value}`;
  else lines.splice(lines[lines.length - 1] === END ? -1 : lines.length, 0, `${name} = ${value}`);
  return `${lines.join('\n')}\n`;
}

const END = '# END RECORD';
