import { close, open, read } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { FileTree } from '../host/file-tree.js';

/** Nothing that mooring reads is near this; a file that is has something else in it. */
const READ_MAX_BYTES = 1_048_576;
/** Attributes of sysfs are one page at most; below half of Node's pool a buffer costs nothing. */
const CHUNK_BYTES = 4_000;

// Plain descriptors: a step makes hundreds of reads, and a FileHandle costs more than the read.
const openFile = promisify(open);
const readFile = promisify(read);
const closeFile = promisify(close);

/** The reading half of the second seam, over the running kernel. */
export class NodeFileTree implements FileTree {
  async readText(path: string): Promise<string> {
    const descriptor = await openFile(path, 'r');
    try {
      const chunks: Buffer[] = [];
      let total = 0;
      for (;;) {
        // sysfs and proc say nothing useful of a file's size: read until there is no more.
        const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
        const { bytesRead } = await readFile(descriptor, buffer, 0, CHUNK_BYTES, null);
        total += bytesRead;
        if (total > READ_MAX_BYTES) throw tooLarge(path);
        chunks.push(buffer.subarray(0, bytesRead));
        if (bytesRead === 0 || (bytesRead < CHUNK_BYTES && isReadAtOnce(path))) {
          return Buffer.concat(chunks).toString();
        }
      }
    } finally {
      await closeFile(descriptor);
    }
  }

  async list(path: string): Promise<string[]> {
    return (await readdir(path)).sort();
  }

  async realPath(path: string): Promise<string> {
    return realpath(path);
  }
}

/** An attribute of sysfs is given out whole by one read that has room for it; proc's files are not. */
function isReadAtOnce(path: string): boolean {
  return path.startsWith('/sys/');
}

function tooLarge(path: string): Error {
  return Object.assign(new Error(`EFBIG: more than ${READ_MAX_BYTES} bytes, read '${path}'`), {
    code: 'EFBIG',
  });
}
