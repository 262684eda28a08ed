import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Enough for every attribute in sysfs, whose size says 4096 whatever it holds. */
const CONTENTS_LIMIT_BYTES = 16_384;

/**
 * Lists trees as lines of text, one an entry, in the order of their paths:
 * `d PATH`, `l PATH -> TARGET`, `f PATH "contents"`, `x PATH hex`, `e PATH CODE` (could not be read),
 * `w PATH` (write-only).
 *
 * @param roots - `{ path, depth }`: how deep to go; links are shown, not followed, unless a root is one
 * @param skip - regular expressions; a path that matches one is left out with all below it
 */
export async function fileTree({ roots, skip = [] }) {
  const patterns = skip.map((source) => new RegExp(source));
  const lines = new Map();
  for (const { path, depth } of roots) await walk(path, depth, { patterns, lines, followed: true });
  return { lines: [...lines.keys()].sort().map((path) => lines.get(path)) };
}

async function walk(path, depth, { patterns, lines, followed = false }) {
  if (patterns.some((pattern) => pattern.test(path))) return;
  const entry = await lstat(path).catch((error) => error);
  if (entry instanceof Error) return;
  if (entry.isSymbolicLink()) lines.set(path, `l ${path} -> ${await readlink(path)}`);
  if (entry.isFile()) lines.set(path, await describeFile(path, entry));
  if (!entry.isDirectory() && !(entry.isSymbolicLink() && followed)) return;
  if (entry.isDirectory()) lines.set(path, `d ${path}`);
  if (depth === 0) return;
  for (const name of await readdir(path).catch(() => [])) {
    await walk(join(path, name), depth - 1, { patterns, lines });
  }
}

async function describeFile(path, { mode }) {
  if ((mode & 0o444) === 0) return `w ${path}`;
  try {
    const contents = await readStart(path);
    const text = contents.toString();
    if (text.includes('\0') || text.includes('\uFFFD'))
      return `x ${path} ${contents.toString('hex')}`;
    return `f ${path} ${JSON.stringify(text)}`;
  } catch (error) {
    return `e ${path} ${error.code}`;
  }
}

async function readStart(path) {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ length: CONTENTS_LIMIT_BYTES, position: 0 });
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
