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

test('a mount in namespaces of their own is found, and told once', async () => {
  const files = host().file('/proc/50/mountinfo', CONTAINER).file('/proc/51/mountinfo', CONTAINER);
  expect(await findProcessUsers(files, ['sdb'])).toEqual([
    { block: 'sdb', kind: 'mount', what: 'namespace of pid 51', name: '/data' },
  ]);
});

test('of processes that see the same mounts one is asked, that has not ended', async () => {
  const files = host();
  const seen = (pid: number, root: string): MemoryFileTree =>
    files
      .link(`/proc/${String(pid)}/ns/mnt`, 'mnt:[4026532001]')
      .link(`/proc/${String(pid)}/root`, root);
  seen(50, '/').unreadable('/proc/50/mountinfo', 'EINVAL');
  seen(51, '/').file('/proc/51/mountinfo', CONTAINER);
  seen(52, '/').unreadable('/proc/52/mountinfo', 'EIO');
  seen(53, '/srv/jail').file('/proc/53/mountinfo', INIT);
  expect(await findProcessUsers(files, ['sdb'])).toEqual([
    { block: 'sdb', kind: 'mount', what: 'namespace of pid 51', name: '/data' },
  ]);
});

test('where a descriptor leads to is read, and not gone to', async () => {
  const files = host().link('/proc/42/fd/7', '/mnt/share/that/hangs');
  files.onRead((path) => {
    if (path.startsWith('/mnt')) throw new Error('went there');
  });
  expect(await findProcessUsers(files, ['sdb'])).toEqual([]);
});

test('a program that has the device open under a name of its own is found by the number', async () => {
  const files = host()
    .file('/proc/42/comm', 'postgres\n')
    .link('/dev/vol0', '/dev/sdb')
    .link('/proc/42/fd/7', '/dev/vol0');
  expect(await findProcessUsers(files, ['sdb'])).toMatchObject([{ block: 'sdb', what: 'pid 42' }]);
});

test.each([
  ['is open', (files: MemoryFileTree) => files.link('/proc/50/fd/7', '/dev/sdb1')],
  [
    'is mounted in a namespace of its own',
    (files: MemoryFileTree) =>
      files.file('/proc/50/mountinfo', `${INIT}60 27 8:17 / /data rw - ext4 /dev/sdb1 rw\n`),
  ],
])('a partition that %s is the disk in use', async (_, use) => {
  const files = host()
    .file('/sys/class/block/sdb/sdb1/partition', '1\n')
    .file('/sys/class/block/sdb1/dev', '8:17\n')
    .file('/dev/sdb1');
  use(files);
  expect(await findProcessUsers(files, ['sdb'])).toMatchObject([{ block: 'sdb1' }]);
});

test('btrfs in a namespace of its own, which shows a number of its own, is found by its source', async () => {
  const files = host().file(
    '/proc/50/mountinfo',
    `${INIT}60 27 0:57 / /data rw - btrfs /dev/sdb rw\n`,
  );
  expect(await findProcessUsers(files, ['sdb'])).toMatchObject([{ block: 'sdb', kind: 'mount' }]);
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
