import { expect, test } from 'vitest';
import { findProcessUsers } from '../../../src/host/process-users.js';
import { MemoryFileTree } from '../../support/memory-file-tree.js';

const INIT = '27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n';
const CONTAINER = `${INIT}60 27 8:16 / /data rw,relatime - ext4 /dev/sdb rw\n`;

function host(): MemoryFileTree {
  return new MemoryFileTree()
    .file('/sys/class/block/sdb/dev', '8:16\n')
    .file('/dev/sdb')
    .file('/dev/sdc')
    .directory('/proc/1/fd')
    .file('/proc/1/mountinfo', INIT)
    .directory('/proc/self');
}

test('a program that has the device open is named', async () => {
  const files = host().file('/proc/42/comm', 'qemu-system-x86\n').link('/proc/42/fd/7', '/dev/sdb');
  expect(await findProcessUsers(files, ['sdb'])).toEqual([
    { block: 'sdb', kind: 'process', what: 'pid 42', name: 'qemu-system-x86' },
  ]);
});

test('a mount in a namespace of its own is found once', async () => {
  const files = host().file('/proc/50/mountinfo', CONTAINER).file('/proc/51/mountinfo', CONTAINER);
  expect(await findProcessUsers(files, ['sdb'])).toEqual([
    { block: 'sdb', kind: 'mount', what: '/data (namespace of pid 50)' },
  ]);
});

test('multipathd, which has every disk open, is no user', async () => {
  const files = host().file('/proc/42/comm', 'multipathd\n').link('/proc/42/fd/7', '/dev/sdb');
  expect(await findProcessUsers(files, ['sdb'])).toEqual([]);
});

test('what others have open, or is no file, does not count', async () => {
  const files = host().link('/proc/42/fd/0', '/dev/sdc').link('/proc/42/fd/1', 'socket:[4711]');
  expect(await findProcessUsers(files, ['sdb'])).toEqual([]);
});

test('a process that is just ending has no mounts', async () => {
  const files = host().unreadable('/proc/42/mountinfo', 'EINVAL');
  expect(await findProcessUsers(files, ['sdb'])).toEqual([]);
});

test('a process that cannot be looked into is unknown, not absent', async () => {
  const files = host().unreadable('/proc/42/fd', 'EACCES');
  await expect(findProcessUsers(files, ['sdb'])).rejects.toMatchObject({ code: 'EACCES' });
});
