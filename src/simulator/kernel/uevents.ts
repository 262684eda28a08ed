/** What the kernel announces about a block device. */
export interface Uevent {
  readonly action: 'add' | 'remove' | 'change';
  readonly block: string;
}

/** The kernel's announcements; udev listens, and multipathd behind udev. */
export class Uevents {
  readonly #listeners: ((event: Uevent) => void)[] = [];

  onEvent(listener: (event: Uevent) => void): void {
    this.#listeners.push(listener);
  }

  announce(event: Uevent): void {
    for (const listen of this.#listeners) listen(event);
  }
}
