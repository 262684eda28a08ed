import { MalformedFact } from './malformed-fact.js';

/** A mount as the kernel lists it. */
export interface MountFact {
  /** `253:3`; `0:42` for file systems without one block device of their own. */
  readonly devNumber: string;
  readonly mountPoint: string;
  /** `/dev/mapper/mpatha`, `proc`, … */
  readonly source: string;
}

/**
 * Reads a mountinfo file (proc(5)), for example
 * `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`.
 *
 * @throws MalformedFact when it is empty or a line is not understood: that is no list without mounts
 */
export function parseMountInfo(text: string): readonly MountFact[] {
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.length === 0) throw new MalformedFact('mountinfo', 'is empty');
  return lines.map((line) => {
    const words = line.split(' ');
    const dash = words.indexOf('-', 6);
    const [, , devNumber, , mountPoint] = words;
    const source = words[dash + 2];
    if (
      dash === -1 ||
      devNumber === undefined ||
      mountPoint === undefined ||
      !/^\d+:\d+$/.test(devNumber)
    ) {
      throw new MalformedFact('mountinfo', `unexpected line ${JSON.stringify(line.slice(0, 120))}`);
    }
    return { devNumber, mountPoint: unescape(mountPoint), source: unescape(source ?? '') };
  });
}

/**
 * Files and devices of /proc/swaps, whose lines look like
 * `/dev/dm-3                               partition\t1048572\t0\t-2`, below one heading.
 */
export function parseSwaps(text: string): readonly string[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/u)[0] ?? '')
    .filter((name) => name !== '')
    .map(unescape);
}

/** The kernel writes space, tab, newline and backslash as `\040` and so on. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
