import type { FileTree } from '../../src/host/file-tree.js';
import type { HostSnapshot } from '../../src/simulator/observation.js';
import type { SimulatedHost } from '../../src/simulator/simulated-host.js';

/** Everything of a host that mooring could leave behind or break, seen from outside. */
export interface HostLook {
  readonly snapshot: HostSnapshot;
  /** What mooring noted of records it found, and discovery records: paths of files. */
  readonly notes: readonly string[];
}

/** `/etc/iscsi/mooring/records`: what records said before; the other: sources of a discovery. */
const NOTES = ['/etc/iscsi/mooring', '/etc/iscsi/send_targets'];

export async function lookAt({ control, files }: SimulatedHost): Promise<HostLook> {
  const notes = await Promise.all(NOTES.map((directory) => filesBelow(files, directory)));
  return { snapshot: await control.snapshot(), notes: notes.flat() };
}

async function filesBelow(files: FileTree, directory: string): Promise<string[]> {
  let names: string[];
  try {
    names = await files.list(directory);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') return [directory];
    throw error;
  }
  const below = await Promise.all(names.map((name) => filesBelow(files, `${directory}/${name}`)));
  return below.flat();
}
