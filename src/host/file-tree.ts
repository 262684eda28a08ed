/**
 * Reading half of the second seam (design 3): the kernel's and the tools' files.
 *
 * Absence is a fact, everything else that goes wrong is "unknown": methods reject with an error that
 * carries Node's `code`; {@link ifPresent} turns only the codes that prove absence into `undefined`.
 */
export interface FileTree {
  /** The file's text, at most 1 MiB. */
  readText(path: string): Promise<string>;
  /** Names in a directory, sorted. */
  list(path: string): Promise<string[]>;
  /** The path with every symbolic link resolved. */
  realPath(path: string): Promise<string>;
  /** Where one link points, without a look at what is there. */
  readLink(path: string): Promise<string>;
  /** Where each link in a directory points, by its name; one that goes meanwhile is left out. */
  readLinks(directory: string): Promise<Readonly<Record<string, string>>>;
  /** The number (`8:16`) of the block device a path leads to; `undefined` for anything else. */
  blockNumber(path: string): Promise<string | undefined>;
}

/** The thing is not there: no entry, no directory on the way, or its device has gone meanwhile. */
const ABSENCE_CODES = new Set(['ENOENT', 'ENOTDIR', 'ENODEV', 'ENXIO']);

export function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ABSENCE_CODES.has(String(error.code));
}

/**
 * Waits for a look at a file; `undefined` when it is absent.
 *
 * @throws whatever else the look met: unreadable is not absent
 */
export async function ifPresent<Seen>(look: Promise<Seen>): Promise<Seen | undefined> {
  try {
    return await look;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** {@link FileTree.readLinks} by the other looks, for a tree that has no quicker way. */
export async function linksOneByOne(
  files: Pick<FileTree, 'list' | 'readLink'>,
  directory: string,
): Promise<Record<string, string>> {
  const links: Record<string, string> = {};
  for (const name of await files.list(directory)) {
    const target = await ifPresent(files.readLink(`${directory}/${name}`));
    if (target !== undefined) links[name] = target;
  }
  return links;
}
