import type { FileTree } from '../../src/host/file-tree.js';
import type { FileWriter } from '../../src/privileged/file-writer.js';

/** Files of a simulated host; what was written can be put back. */
export class RestorableFiles {
  private readonly files: FileTree;
  private readonly writer: FileWriter;
  /** What files held before; `undefined` for one that was not there. */
  private readonly before = new Map<string, string | undefined>();

  constructor({ files, writer }: { readonly files: FileTree; readonly writer: FileWriter }) {
    this.files = files;
    this.writer = writer;
  }

  read(path: string): Promise<string | undefined> {
    return orAbsent(this.files.readText(path));
  }

  async list(path: string): Promise<readonly string[]> {
    return (await orAbsent(this.files.list(path))) ?? [];
  }

  resolveLink(path: string): Promise<string | undefined> {
    return orAbsent(this.files.realPath(path));
  }

  async write(path: string, text: string): Promise<void> {
    if (!this.before.has(path)) this.before.set(path, await this.read(path));
    await this.writer.replaceFile(path, text, 0o600);
  }

  async remove(path: string): Promise<void> {
    await orAbsent(this.writer.removeFile(path));
  }

  async restore(): Promise<void> {
    for (const [path, text] of this.before) {
      if (text === undefined) await this.writer.removeFile(path);
      else await this.writer.replaceFile(path, text, 0o600);
    }
    this.before.clear();
  }
}

async function orAbsent<Seen>(look: Promise<Seen>): Promise<Seen | undefined> {
  try {
    return await look;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
