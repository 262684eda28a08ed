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
  /** Absolute: the seam never shows a link's own text. */
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

/** A directory over a collection of the model. */
export function listing(
  names: () => Iterable<string>,
  child: (name: string) => Entry | undefined,
): Directory {
  return { kind: 'directory', names, child };
}

/** A directory of links, name to absolute target. */
export function links(targets: () => ReadonlyMap<string, string>): Directory {
  return listing(
    () => targets().keys(),
    (name) => {
      const target = targets().get(name);
      return target === undefined ? undefined : link(target);
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
