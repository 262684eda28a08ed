import { link, type Directory, type FileEntry, type LinkEntry } from './entries.js';

interface StoredFile extends FileEntry {
  readonly mode: number;
}

type Stored = DiskDirectory | StoredFile | LinkEntry;

/** A file with its text or a link with its target, below a directory. */
export interface StoredEntry {
  readonly path: string;
  readonly text?: string;
  readonly target?: string;
}

/**
 * A directory of ordinary files, as on a disk or in `/run`. Knows modes only to show them;
 * everybody here is root.
 */
export class DiskDirectory implements Directory {
  readonly kind = 'directory';
  readonly #entries = new Map<string, Stored>();

  names(): Iterable<string> {
    return this.#entries.keys();
  }

  child(name: string): Stored | undefined {
    return this.#entries.get(name);
  }

  /** Creates or replaces a file, with the directories above it. */
  write(path: string, content: string, mode = 0o644): void {
    const { above, name } = this.#split(path);
    this.#below(above).#entries.set(name, { kind: 'file', mode, read: () => content });
  }

  /** Makes a link; absolute, as open-iscsi's are. */
  writeLink(path: string, target: string): void {
    const { above, name } = this.#split(path);
    this.#below(above).#entries.set(name, link(target));
  }

  ensureDirectory(path: string): void {
    this.#below(parts(path));
  }

  read(path: string): string | undefined {
    const entry = this.#find(path);
    return entry?.kind === 'file' ? entry.read() : undefined;
  }

  mode(path: string): number | undefined {
    const entry = this.#find(path);
    return entry?.kind === 'file' ? entry.mode : undefined;
  }

  /** Removes a file, or a directory if it is empty. Absence is fine. */
  remove(path: string): void {
    const { above, name } = this.#split(path);
    const here = this.#find(above.join('/'));
    if (here?.kind !== 'directory') return;
    const entry = here.#entries.get(name);
    if (entry?.kind === 'directory' && entry.#entries.size > 0) return;
    here.#entries.delete(name);
  }

  /** Every file below, by its path from here, sorted. */
  files(under = ''): { readonly path: string; readonly text: string }[] {
    const here = this.#find(under);
    if (here?.kind !== 'directory') return [];
    const found: { path: string; text: string }[] = [];
    for (const [name, entry] of here.#entries) {
      if (entry.kind === 'file') found.push({ path: name, text: entry.read() });
      else if (entry.kind === 'directory')
        found.push(...entry.files().map(({ path, text }) => ({ path: `${name}/${path}`, text })));
    }
    return found.sort((left, right) => (left.path < right.path ? -1 : 1));
  }

  /** Every file and link below, by its path from here, sorted. */
  tree(under = ''): StoredEntry[] {
    const here = this.#find(under);
    if (here?.kind !== 'directory') return [];
    const found: StoredEntry[] = [];
    for (const [name, entry] of here.#entries) {
      if (entry.kind === 'file') found.push({ path: name, text: entry.read() });
      else if (entry.kind === 'link') found.push({ path: name, target: entry.target });
      else {
        found.push(...entry.tree().map((each) => ({ ...each, path: `${name}/${each.path}` })));
      }
    }
    return found.sort((left, right) => (left.path < right.path ? -1 : 1));
  }

  /** The directory of this path, made if it is missing. */
  #below(path: readonly string[]): DiskDirectory {
    return path.reduce<DiskDirectory>((here, name) => here.#directory(name), this);
  }

  #directory(name: string): DiskDirectory {
    const entry = this.#entries.get(name);
    if (entry?.kind === 'directory') return entry;
    const made = new DiskDirectory();
    this.#entries.set(name, made);
    return made;
  }

  #find(path: string): Stored | undefined {
    return parts(path).reduce<Stored | undefined>(
      (here, part) => (here?.kind === 'directory' ? here.#entries.get(part) : undefined),
      this,
    );
  }

  #split(path: string): { above: string[]; name: string } {
    const above = parts(path);
    const name = above.pop();
    if (name === undefined) throw new RangeError('a file needs a name');
    return { above, name };
  }
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}
