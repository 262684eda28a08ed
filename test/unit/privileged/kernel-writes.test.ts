import { expect, test } from 'vitest';
import { KernelWrites } from '../../../src/privileged/kernel-writes.js';
import { MemoryFileTree, nodeError } from '../../support/memory-file-tree.js';

const PATH = '/sys/class/scsi_device/2:0:0:4/device/delete';

test('a write that the kernel takes at once is done', async () => {
  const kernel = new MemoryFileTree().file(PATH);
  expect(await new KernelWrites(kernel).write(PATH, '1', 1_000)).toBe(true);
});

test('a write that hangs is not made again, and its later failure harms nobody', async () => {
  let fail = (): void => undefined;
  const hanging = new Promise<void>((_, reject) => {
    fail = () => {
      reject(nodeError('EIO', PATH));
    };
  });
  const kernel = new MemoryFileTree().file(PATH).onWrite(async () => hanging);
  const writes = new KernelWrites(kernel);
  expect(await writes.write(PATH, '1', 5)).toBe(false);
  expect(await writes.write(PATH, '1', 5)).toBe(false);
  expect(kernel.attributeWrites).toHaveLength(1);
  fail();
  await expect(writes.write(PATH, '1', 1_000)).rejects.toMatchObject({ code: 'EIO' });
  kernel.onWrite(() => undefined);
  expect(await writes.write(PATH, '1', 1_000)).toBe(true);
  expect(kernel.attributeWrites).toHaveLength(2);
});

test('a write that fails in time is the failure', async () => {
  const writes = new KernelWrites(new MemoryFileTree());
  await expect(writes.write(PATH, '1', 1_000)).rejects.toMatchObject({ code: 'ENOENT' });
});
