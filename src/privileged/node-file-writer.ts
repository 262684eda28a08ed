import { constants } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { isAbsence } from '../host/file-tree.js';
import type { FileWriter } from './file-writer.js';

/** The places below which files are written and removed, and no others. */
export interface WritablePlaces {
  /** `/sys`: attributes only, never made, never removed. */
  readonly attributes: readonly string[];
  /** The node database, udev's by-id links, mooring's run directory. */
  readonly files: readonly FilePlace[];
}

interface FilePlace {
  readonly path: string;
  /**
   * Where files are that are not finished: mooring's own, and on the place's file system. Without one
   * files are removed there and never written.
   */
  readonly staging?: string;
}

export const DEFAULT_RUN_DIRECTORY = '/run/mooring';

/** What the verbs need on a host with this run directory. */
export function writablePlaces(runDirectory: string = DEFAULT_RUN_DIRECTORY): WritablePlaces {
  return {
    attributes: ['/sys'],
    files: [
      // Below a directory of ours: iscsiadm takes what lies among the records for one.
      { path: '/etc/iscsi', staging: '/etc/iscsi/mooring/staged' },
      { path: '/var/lib/iscsi', staging: '/var/lib/iscsi/mooring/staged' },
      { path: '/dev/disk/by-id' },
      { path: runDirectory, staging: `${runDirectory}/staged` },
    ],
  };
}

/** The writing half of the second seam. The only file of mooring that writes to a file system. */
export class NodeFileWriter implements FileWriter {
  readonly #places: WritablePlaces;
  #staged = 0;
  /** Staging directories this process has emptied. */
  readonly #emptied = new Map<string, Promise<void>>();

  constructor(places: WritablePlaces = writablePlaces()) {
    this.#places = places;
  }

  async writeAttribute(path: string, value: string): Promise<void> {
    requirePlace(path, this.#places.attributes);
    // Neither made nor emptied: an attribute that has gone must not become a plain file.
    const file = await open(path, constants.O_WRONLY);
    try {
      // The kernel takes each write call for a request of its own.
      const { bytesWritten } = await file.write(value);
      if (bytesWritten !== Buffer.byteLength(value)) throw shortWrite(path);
    } finally {
      await file.close();
    }
  }

  async replaceFile(path: string, text: string, mode: number): Promise<void> {
    const { staging } = requireFilePlace(path, this.#places.files);
    if (staging === undefined) throw notWritable(path);
    await this.#emptiedOnce(staging);
    this.#staged += 1;
    const staged = `${staging}/${basename(path)}.${process.pid}.${this.#staged}`;
    try {
      await inDirectory(staging, () => writeWhole(staged, text, mode));
      await inDirectory(dirname(path), () => rename(staged, path));
    } catch (error) {
      await rm(staged, { force: true });
      throw error;
    }
  }

  async removeFile(path: string): Promise<void> {
    requireFilePlace(path, this.#places.files);
    try {
      await rm(path);
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
  }

  /** What a process that was killed has left there may hold a secret, and belongs to nobody. */
  async #emptiedOnce(staging: string): Promise<void> {
    let emptied = this.#emptied.get(staging);
    if (emptied === undefined) {
      emptied = rm(staging, { recursive: true, force: true });
      this.#emptied.set(staging, emptied);
      // Tried again by the next write.
      emptied.catch(() => this.#emptied.delete(staging));
    }
    await emptied;
  }

  async keepFile(path: string): Promise<void> {
    try {
      const file = await open(path, constants.O_RDONLY);
      await file.sync().finally(() => file.close());
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
  }
}

/**
 * A file for a command's output that has no name: it ends with the last process that has it open,
 * and a crash leaves nothing behind.
 */
export async function openUnnamedFile(directory: string): Promise<FileHandle> {
  const path = `${directory}/.output.${process.pid}.${performance.now()}.${Math.random()}`;
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  const file = await inDirectory(directory, () => open(path, flags, 0o600));
  await rm(path);
  return file;
}

/** Does something in a directory, which is made when it turns out to be missing. */
async function inDirectory<Result>(
  directory: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isAbsence(error)) throw error;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return work();
  }
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    // The mode given to open is cut by the umask.
    await file.chmod(mode);
    await file.writeFile(text);
    // A name that outlives a power cut without its text would be taken for an empty record. The name
    // itself may get lost, and after it all that was named later: journals keep that order.
    if (text !== '') await file.sync();
  } finally {
    await file.close();
  }
}

/** The last check before a write: whatever a caller got wrong, the write stays in its place. */
function requirePlace(path: string, places: readonly string[]): void {
  if (!places.some((place) => isBelow(path, place))) throw notWritable(path);
}

function requireFilePlace(path: string, places: readonly FilePlace[]): FilePlace {
  const found = places.find((place) => isBelow(path, place.path));
  if (found === undefined) throw notWritable(path);
  return found;
}

function isBelow(path: string, place: string): boolean {
  const isPlain = path.startsWith('/') && !path.split('/').includes('..') && !path.includes('\0');
  return isPlain && (path === place || path.startsWith(`${place}/`));
}

function notWritable(path: string): Error {
  return Object.assign(new Error(`EACCES: mooring does not write there, '${path}'`), {
    code: 'EACCES',
  });
}

function shortWrite(path: string): Error {
  return Object.assign(new Error(`EIO: the attribute took only a part, '${path}'`), {
    code: 'EIO',
  });
}
