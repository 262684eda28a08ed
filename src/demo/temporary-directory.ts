import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory that is gone when this process is, unless it is killed. */
export interface TemporaryDirectory {
  readonly path: string;
  remove(): void;
}

export function createTemporaryDirectory(name: string): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), `${name}-`));
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(path, { recursive: true, force: true });
  };
  // Also when somebody ends the process at once, after a second Ctrl-C for example.
  process.on('exit', remove);
  return { path, remove };
}
