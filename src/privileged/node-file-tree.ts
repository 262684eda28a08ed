import { closeSync, openSync, readdirSync, readlinkSync, readSync, realpathSync } from 'node:fs';
import { open, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { isAbsence, type FileTree } from '../host/file-tree.js';

/** Nothing that mooring reads is near this; a file that is has something else in it. */
const READ_MAX_BYTES = 1_048_576;
const CHUNK_BYTES = 65_536;
/** Attributes of sysfs are one page at most. */
const PAGE_BYTES = 4_096;

/**
 * Names and links that the kernel answers from memory at once, whatever state a device, a network or
 * a file server is in. Asked for directly: a step asks hundreds of times, and each trip through
 * Node's thread pool costs many times the answer.
 */
const NAMES_IN_MEMORY = ['/sys/', '/dev/disk/', '/proc/', '/run/mooring/'];
/** The same for text. Not /proc: a list of mounts waits for a mount that is under way. */
const TEXT_IN_MEMORY = ['/sys/', '/run/mooring/'];

/** The reading half of the second seam, over the running kernel. */
export class NodeFileTree implements FileTree {
  async readText(path: string): Promise<string> {
    try {
      const known = isBelow(path, TEXT_IN_MEMORY) ? readPage(path) : undefined;
      return known ?? (await readWhole(path));
    } catch (error) {
      throw withPath(error, path);
    }
  }

  async list(path: string): Promise<string[]> {
    const names = isBelow(path, NAMES_IN_MEMORY) ? readdirSync(path) : await readdir(path);
    return names.sort();
  }

  async realPath(path: string): Promise<string> {
    // Links of /proc lead anywhere, also to file servers.
    const isNear = isBelow(path, NAMES_IN_MEMORY) && !path.startsWith('/proc/');
    return isNear ? realpathSync.native(path) : realpath(path);
  }

  async readLink(path: string): Promise<string> {
    return isBelow(path, NAMES_IN_MEMORY) ? readlinkSync(path) : readlink(path);
  }

  async readLinks(directory: string): Promise<Record<string, string>> {
    const isNear = isBelow(directory, NAMES_IN_MEMORY);
    const links: Record<string, string> = {};
    for (const name of await this.list(directory)) {
      const path = `${directory}/${name}`;
      try {
        links[name] = isNear ? readlinkSync(path) : await readlink(path);
      } catch (error) {
        if (!isAbsence(error)) throw error;
      }
    }
    return links;
  }

  async blockNumber(path: string): Promise<string | undefined> {
    const about = await stat(path);
    return about.isBlockDevice() ? deviceNumber(BigInt(about.rdev)) : undefined;
  }
}

/** A device's number as sysfs writes it; the bits are those of the C library's `major` and `minor`. */
export function deviceNumber(rdev: bigint): string {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}

/** Of a file that is open Node says what went wrong, and not with which. */
function withPath(error: unknown, path: string): unknown {
  if (error instanceof Error && !error.message.includes(path)) error.message += ` '${path}'`;
  return error;
}

function isBelow(path: string, places: readonly string[]): boolean {
  return places.some((place) => path.startsWith(place));
}

/** A file of at most one page; `undefined` for a longer one. */
function readPage(path: string): string | undefined {
  const buffer = Buffer.allocUnsafe(PAGE_BYTES);
  const descriptor = openSync(path, 'r');
  try {
    // One read with room for all of it gets all of it.
    const bytesRead = readSync(descriptor, buffer);
    return bytesRead < PAGE_BYTES ? buffer.toString('utf8', 0, bytesRead) : undefined;
  } finally {
    closeSync(descriptor);
  }
}

async function readWhole(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let total = 0;
    for (;;) {
      // sysfs and proc say nothing useful of a file's size: read until there is no more.
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES));
      if (bytesRead === 0) return Buffer.concat(chunks).toString();
      total += bytesRead;
      if (total > READ_MAX_BYTES) throw tooLarge(path);
      chunks.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

function tooLarge(path: string): Error {
  return Object.assign(new Error(`EFBIG: more than ${READ_MAX_BYTES} bytes, read '${path}'`), {
    code: 'EFBIG',
  });
}
