import { readFileSync } from 'node:fs';
import { MemoryFileTree } from './memory-file-tree.js';

/** A file of `test/fixtures`, captured from the real tools by the lab. */
export function captured(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
}

/** What a captured command wrote to its output. */
export function capturedOutput(name: string): string {
  return (JSON.parse(captured(name)) as { stdout: string }).stdout;
}

/**
 * A captured piece of a real file tree: `d PATH`, `l PATH -> TARGET`, `f PATH "TEXT"`, and entries that
 * cannot be read (`w`: only written, `x PATH CODE`).
 */
export function capturedTree(name: string): MemoryFileTree {
  const tree = new MemoryFileTree();
  for (const line of captured(name).split('\n')) {
    const [, kind = '', rest = ''] = /^([dlfwx]) (.*)$/.exec(line) ?? [];
    const [path, after] = splitAtFirst(rest, kind === 'l' ? ' -> ' : ' ');
    if (kind === 'd') tree.directory(rest);
    if (kind === 'l') tree.link(path, after);
    // The class shows the same devices under the same names; partitions and nodes are not captured.
    const block = /^\/sys\/block\/([^/]+)$/.exec(path)?.[1];
    if (kind === 'l' && block !== undefined) {
      tree.link(`/sys/class/block/${block}`, path).file(`/dev/${block}`);
    }
    if (kind === 'f') tree.file(path, JSON.parse(after) as string);
    if (kind === 'w') tree.unreadable(path, 'EACCES');
    if (kind === 'x') tree.unreadable(path, after);
  }
  return tree;
}

function splitAtFirst(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
