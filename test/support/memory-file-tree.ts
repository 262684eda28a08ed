import { ifPresent, linksOneByOne, type FileTree } from '../../src/host/file-tree.js';
import type { FileWriter } from '../../src/privileged/file-writer.js';

type Entry =
  | { readonly kind: 'file'; text: string; mode: number }
  | { readonly kind: 'directory' }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'unreadable'; readonly code: string };

/** A write to an attribute, as the kernel would see it. */
export interface AttributeWrite {
  readonly path: string;
  readonly value: string;
}

const LINKS_MAX = 40;

/**
 * Both halves of the second seam in memory: files, directories, symbolic links, and entries that
 * reject with a code of choice. Errors are those of Node.
 */
export class MemoryFileTree implements FileTree, FileWriter {
  readonly attributeWrites: AttributeWrite[] = [];
  /** The files that were to outlive a power cut. */
  readonly kept: string[] = [];
  readonly #entries = new Map<string, Entry>([['/', { kind: 'directory' }]]);
  #onWrite: (write: AttributeWrite) => void | Promise<void> = () => undefined;
  #onRead: (path: string) => void = () => undefined;

  file(path: string, text = '', mode = 0o644): this {
    return this.#put(path, { kind: 'file', text, mode });
  }

  directory(path: string): this {
    return this.#put(path, { kind: 'directory' });
  }

  link(path: string, target: string): this {
    return this.#put(path, { kind: 'link', target });
  }

  /** Whoever looks at it gets this code: `EACCES`, `EIO`, … */
  unreadable(path: string, code: string): this {
    return this.#put(path, { kind: 'unreadable', code });
  }

  /** Takes away an entry and all below it. */
  drop(path: string): this {
    for (const other of [...this.#entries.keys()]) {
      if (other === path || other.startsWith(`${path}/`)) this.#entries.delete(other);
    }
    return this;
  }

  /** What the kernel does when an attribute is written. */
  onWrite(reaction: (write: AttributeWrite) => void | Promise<void>): this {
    this.#onWrite = reaction;
    return this;
  }

  /** Runs before each look, for things that change while they are looked at. */
  onRead(reaction: (path: string) => void): this {
    this.#onRead = reaction;
    return this;
  }

  modeOf(path: string): number | undefined {
    const entry = this.#entries.get(path);
    return entry?.kind === 'file' ? entry.mode : undefined;
  }

  targetOf(path: string): string | undefined {
    const entry = this.#entries.get(path);
    return entry?.kind === 'link' ? entry.target : undefined;
  }

  async readText(path: string): Promise<string> {
    this.#onRead(path);
    const entry = this.#lookUp(path);
    if (entry.kind !== 'file') throw nodeError('EISDIR', path);
    return entry.text;
  }

  async list(path: string): Promise<string[]> {
    this.#onRead(path);
    const real = this.#resolve(path);
    if (this.#lookUp(path).kind !== 'directory') throw nodeError('ENOTDIR', path);
    const prefix = real === '/' ? '/' : `${real}/`;
    const names = [...this.#entries.keys()]
      .filter((other) => other.startsWith(prefix) && other !== '/')
      .map((other) => other.slice(prefix.length))
      .filter((name) => !name.includes('/'));
    return names.sort();
  }

  async realPath(path: string): Promise<string> {
    this.#onRead(path);
    this.#lookUp(path);
    return this.#resolve(path);
  }

  readLinks(directory: string): Promise<Record<string, string>> {
    return linksOneByOne(this, directory);
  }

  async readLink(path: string): Promise<string> {
    this.#onRead(path);
    const parent = path.slice(0, path.lastIndexOf('/'));
    const entry = this.#entries.get(`${this.#resolve(parent)}${path.slice(parent.length)}`);
    if (entry === undefined) throw nodeError('ENOENT', path);
    if (entry.kind === 'unreadable') throw nodeError(entry.code, path);
    if (entry.kind !== 'link') throw nodeError('EINVAL', path);
    return entry.target;
  }

  /** A name that leads to `/dev/sdb` has the number sysfs gives `sdb`. */
  async blockNumber(path: string): Promise<string | undefined> {
    const block = this.#resolve(path).replace(/^\/dev\//, '');
    const number = await ifPresent(this.readText(`/sys/class/block/${block}/dev`));
    return number?.trim();
  }

  async writeAttribute(path: string, value: string): Promise<void> {
    const real = this.#resolve(path);
    if (this.#lookUp(path).kind !== 'file') throw nodeError('EISDIR', path);
    const write = { path: real, value };
    this.attributeWrites.push(write);
    await this.#onWrite(write);
  }

  async replaceFile(path: string, text: string, mode: number): Promise<void> {
    this.file(this.#resolve(path), text, mode);
  }

  async removeFile(path: string): Promise<void> {
    const parent = path.slice(0, path.lastIndexOf('/'));
    const name = path.slice(parent.length);
    this.#entries.delete(`${this.#resolve(parent)}${name}`);
  }

  keepFile(path: string): Promise<void> {
    this.kept.push(path);
    return Promise.resolve();
  }

  #put(path: string, entry: Entry): this {
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent !== '' && !this.#entries.has(parent)) this.directory(parent);
    this.#entries.set(path, entry);
    return this;
  }

  #lookUp(path: string): Exclude<Entry, { kind: 'link' }> {
    const real = this.#resolve(path);
    const entry = this.#entries.get(real);
    if (entry === undefined) throw nodeError('ENOENT', path);
    if (entry.kind === 'unreadable') throw nodeError(entry.code, path);
    if (entry.kind === 'link') throw nodeError('ELOOP', path);
    return entry;
  }

  /** The path without symbolic links; what does not exist is left as it is written. */
  #resolve(path: string, linksLeft = LINKS_MAX): string {
    let real = '';
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    for (const [index, part] of parts.entries()) {
      if (part === '..') {
        real = real.slice(0, Math.max(0, real.lastIndexOf('/')));
        continue;
      }
      const here = `${real}/${part}`;
      const entry = this.#entries.get(here);
      if (entry?.kind === 'link') {
        if (linksLeft === 0) throw nodeError('ELOOP', path);
        const target = entry.target.startsWith('/') ? entry.target : `${real}/${entry.target}`;
        return this.#resolve([target, ...parts.slice(index + 1)].join('/'), linksLeft - 1);
      }
      if (entry?.kind === 'file' && index < parts.length - 1) throw nodeError('ENOTDIR', path);
      if (entry?.kind === 'unreadable' && index < parts.length - 1)
        throw nodeError(entry.code, path);
      real = here;
    }
    return real === '' ? '/' : real;
  }
}

/** An error as Node's file system calls make them. */
export function nodeError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
