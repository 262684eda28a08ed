import type { HostIdentity } from './facts.js';
import type { FileTree } from './file-tree.js';
import { MalformedFact } from './malformed-fact.js';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const MACHINE_ID = '/etc/machine-id';

/**
 * Which system this is, and which boot of it. The machine id survives a reboot and ends with a new
 * installation; the boot id ends with the boot.
 *
 * @throws MalformedFact when one is empty: two hosts without an id would be taken for one
 */
export async function readHostIdentity(files: FileTree): Promise<HostIdentity> {
  const [bootId, machineId] = await Promise.all([
    requireWord(files, BOOT_ID),
    requireWord(files, MACHINE_ID),
  ]);
  return { bootId, machineId };
}

async function requireWord(files: FileTree, path: string): Promise<string> {
  const word = (await files.readText(path)).trim();
  // systemd writes `uninitialized` into an image that is to get its machine id at first boot.
  if (word === '' || word === 'uninitialized') throw new MalformedFact(path, 'has no id');
  return word;
}
