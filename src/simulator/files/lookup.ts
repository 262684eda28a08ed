import type { Directory, Entry } from './entries.js';
import { SystemError } from './system-error.js';

/** The kernel's own bound (`MAXSYMLINKS`). */
const LINKS_MAX = 40;

export interface Found {
  readonly entry: Entry;
  /** Without links, except for a last one that was not to be followed. */
  readonly path: string;
}

/**
 * Walks an absolute path as the kernel does, following links.
 *
 * @throws SystemError ENOENT, ENOTDIR, ELOOP
 */
export function lookUp(
  root: Directory,
  path: string,
  { syscall, followLast = true }: { syscall: string; followLast?: boolean },
): Found {
  const ahead = path.split('/').reverse();
  const walked: { readonly name: string; readonly entry: Entry }[] = [];
  let linksLeft = LINKS_MAX;
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      walked.pop();
      continue;
    }
    const here = walked.at(-1)?.entry ?? root;
    if (here.kind !== 'directory') throw new SystemError('ENOTDIR', syscall, path);
    const entry = here.child(name);
    if (entry === undefined) throw new SystemError('ENOENT', syscall, path);
    if (entry.kind === 'link' && (followLast || ahead.length > 0)) {
      if ((linksLeft -= 1) < 0) throw new SystemError('ELOOP', syscall, path);
      walked.length = 0;
      ahead.push(...entry.target.split('/').reverse());
      continue;
    }
    walked.push({ name, entry });
  }
  return {
    entry: walked.at(-1)?.entry ?? root,
    path: `/${walked.map(({ name }) => name).join('/')}`,
  };
}
