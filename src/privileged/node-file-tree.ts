import { open, readdir, realpath } from 'node:fs/promises';
import type { FileTree } from '../host/file-tree.js';

/** Nothing that mooring reads is near this; a file that is has something else in it. */
const READ_MAX_BYTES = 1_048_576;
/** Attributes of sysfs are one page at most. */
const CHUNK_BYTES = 65_536;

/** The reading half of the second seam, over the running kernel. */
export class NodeFileTree implements FileTree {
  async readText(path: string): Promise<string> {
    const file = await open(path, 'r');
    try {
      const chunks: Buffer[] = [];
      let total = 0;
      for (;;) {
        // sysfs and proc say nothing useful of a file's size: read until there is no more.
        const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES);
        if (bytesRead === 0) return Buffer.concat(chunks).toString();
        total += bytesRead;
        if (total > READ_MAX_BYTES) throw tooLarge(path);
        chunks.push(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }

  async list(path: string): Promise<string[]> {
    return (await readdir(path)).sort();
  }

  async realPath(path: string): Promise<string> {
    return realpath(path);
  }
}

function tooLarge(path: string): Error {
  return Object.assign(new Error(`EFBIG: more than ${READ_MAX_BYTES} bytes, read '${path}'`), {
    code: 'EFBIG',
  });
}
