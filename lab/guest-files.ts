import type { Guest } from './guest.js';

/** Files of the guest; what was written can be put back. */
export class GuestFiles {
  private readonly guest: Guest;
  /** What files held before; `undefined` for one that was not there. */
  private readonly before = new Map<string, string | undefined>();

  constructor(guest: Guest) {
    this.guest = guest;
  }

  async read(path: string): Promise<string | undefined> {
    try {
      return await this.guest.readFile(path);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  async list(path: string): Promise<readonly string[]> {
    const { code, stdout } = await this.guest.run(['ls', '-A', '--', path]);
    return code === 0 ? stdout.split('\n').filter((name) => name !== '') : [];
  }

  async resolveLink(path: string): Promise<string | undefined> {
    const { code, stdout } = await this.guest.run(['realpath', '-e', '--', path]);
    return code === 0 ? stdout.trimEnd() : undefined;
  }

  async write(path: string, text: string): Promise<void> {
    if (!this.before.has(path)) this.before.set(path, await this.read(path));
    await this.guest.writeFile(path, text, { mode: 0o600 });
  }

  async remove(path: string): Promise<void> {
    await this.guest.run(['rm', '-f', '--', path]);
  }

  async restore(): Promise<void> {
    for (const [path, text] of this.before) {
      if (text !== undefined) await this.guest.writeFile(path, text, { mode: 0o600 });
      else await this.remove(path);
    }
    this.before.clear();
  }
}
