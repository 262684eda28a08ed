import { byName } from '../listed-map.js';

/**
 * The file tree as a tree of values that are computed when somebody looks: a directory is asked
 * for one child at a time, an attribute for its text. Nothing is copied, so nothing gets stale.
 */
export type Entry = Directory | FileEntry | LinkEntry;

export interface Directory {
  readonly kind: 'directory';
  names(): Iterable<string>;
  child(name: string): Entry | undefined;
}

export interface FileEntry {
  readonly kind: 'file';
  read(): string;
  /** Present on attributes that take a write. */
  readonly write?: (value: string) => Promise<void>;
}

export interface LinkEntry {
  readonly kind: 'link';
  /** Absolute: nobody asks for the text of a link that is not. */
  readonly target: string;
}

/** A directory with fixed names; a child that turns out `undefined` is not there. */
export function directory(children: Record<string, () => Entry | undefined>): Directory {
  return {
    kind: 'directory',
    names: () => Object.keys(children).filter((name) => children[name]?.() !== undefined),
    child: (name) => (Object.hasOwn(children, name) ? children[name]?.() : undefined),
  };
}

/** A directory whose entries are always there. */
export function fixed(entries: Readonly<Record<string, Entry>>): Directory {
  return {
    kind: 'directory',
    names: () => Object.keys(entries),
    child: (name) => (Object.hasOwn(entries, name) ? entries[name] : undefined),
  };
}

/**
 * Makes the view of an object once. A view computes what it shows when somebody looks, so one
 * serves as long as the object does.
 */
export function viewed<Seen extends object, Around>(
  make: (around: Around, seen: Seen) => Directory,
): (around: Around, seen: Seen) => Directory {
  const made = new WeakMap<Seen, Directory>();
  return (around, seen) => {
    const view = made.get(seen) ?? make(around, seen);
    made.set(seen, view);
    return view;
  };
}

/** A directory over a collection of the model. */
export function listing(
  names: () => Iterable<string>,
  child: (name: string) => Entry | undefined,
): Directory {
  return { kind: 'directory', names, child };
}

/** A directory of links to what a collection holds at the moment. */
export function links<Item>(
  items: () => readonly Item[],
  describe: { readonly name: (item: Item) => string; readonly target: (item: Item) => string },
): Directory {
  const find = byName(describe.name);
  return listing(
    () => items().map(describe.name),
    (name) => {
      const item = find(items(), name);
      return item === undefined ? undefined : link(describe.target(item));
    },
  );
}

/** An attribute as the kernel shows it: one line. */
export function attribute(
  value: string | number,
  write?: (value: string) => Promise<void>,
): FileEntry {
  return text(`${value}\n`, write);
}

export function text(content: string, write?: (value: string) => Promise<void>): FileEntry {
  return { kind: 'file', read: () => content, ...(write === undefined ? {} : { write }) };
}

export function link(target: string): LinkEntry {
  return { kind: 'link', target };
}
