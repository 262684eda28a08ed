/**
 * A map whose values, as a list, are the same array until something changes: what is worked out from
 * the list can be kept for as long as one gets that array.
 */
export class ListedMap<Key, Item> {
  readonly #items = new Map<Key, Item>();
  #list: readonly Item[] | undefined;

  get list(): readonly Item[] {
    this.#list ??= [...this.#items.values()];
    return this.#list;
  }

  get(key: Key): Item | undefined {
    return this.#items.get(key);
  }

  has(key: Key): boolean {
    return this.#items.has(key);
  }

  set(key: Key, item: Item): void {
    this.#items.set(key, item);
    this.changed();
  }

  delete(key: Key): boolean {
    const was = this.#items.delete(key);
    this.changed();
    return was;
  }

  /** An item has changed in what others work out from the list. */
  changed(): void {
    this.#list = undefined;
  }
}

/** Finds an item of a list by a name it never changes; reads each list only once. */
export function byName<Item>(
  nameOf: (item: Item) => string,
): (items: readonly Item[], name: string) => Item | undefined {
  const indexes = new WeakMap<readonly Item[], ReadonlyMap<string, Item>>();
  return (items, name) => {
    const index =
      // The first of a name has it.
      indexes.get(items) ?? new Map(items.toReversed().map((item) => [nameOf(item), item]));
    indexes.set(items, index);
    return index.get(name);
  };
}
