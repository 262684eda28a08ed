import { expect, test } from 'vitest';
import { readHostIdentity } from '../../../src/host/host-identity.js';
import { MemoryFileTree } from '../../support/memory-file-tree.js';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

test('a host is known by its boot id and its machine id', async () => {
  const host = new MemoryFileTree().file(BOOT_ID, 'b-1\n').file('/etc/machine-id', 'm-1\n');
  expect(await readHostIdentity(host)).toEqual({ bootId: 'b-1', machineId: 'm-1' });
});

test.each(['', 'uninitialized\n'])('a machine id "%s" is none', async (text) => {
  const host = new MemoryFileTree().file(BOOT_ID, 'b-1\n').file('/etc/machine-id', text);
  await expect(readHostIdentity(host)).rejects.toMatchObject({ name: 'MalformedFact' });
});
