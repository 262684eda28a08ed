import { expect, test } from 'vitest';
import { findDeviceUsers } from '../../../src/host/device-users.js';
import type { MemoryFileTree } from '../../support/memory-file-tree.js';
import {
  addDm,
  addPartition,
  addScsiDevice,
  addSession,
  emptyHost,
  setMounts,
  WWID,
} from '../../support/sysfs-builder.js';

const BLOCKS = ['dm-3', 'sdb'];

function hostWithMap(): MemoryFileTree {
  const host = emptyHost();
  addSession(host);
  addScsiDevice(host);
  addDm(host, { slaves: ['sdb'] });
  return host;
}

test('a map over its path has no users', async () => {
  expect(await findDeviceUsers(hostWithMap(), BLOCKS, ['dm-3'])).toEqual([]);
});

test('a holder that is not to be ignored is a user, with its device-mapper name', async () => {
  const host = hostWithMap();
  addDm(host, { block: 'dm-7', name: 'vg0-data', uuid: 'LVM-abc', slaves: ['dm-3'] });
  expect(await findDeviceUsers(host, BLOCKS, ['dm-3'])).toEqual([
    { block: 'dm-3', kind: 'holder', what: 'dm-7', name: 'vg0-data' },
  ]);
});

test('the map is a user of its paths when it is not ignored', async () => {
  expect(await findDeviceUsers(hostWithMap(), ['sdb'])).toEqual([
    { block: 'sdb', kind: 'holder', what: 'dm-3', name: WWID },
  ]);
});

test.each(['/proc/1/mountinfo', '/proc/self/mountinfo'])(
  'a mount in %s is a user',
  async (path) => {
    const host = hostWithMap();
    const mount = { devNumber: '253:3', mountPoint: '/srv/my\\040data', source: '/dev/mapper/x' };
    setMounts(host, [mount], path);
    expect(await findDeviceUsers(host, BLOCKS, ['dm-3'])).toEqual([
      { block: 'dm-3', kind: 'mount', what: '/srv/my data' },
    ]);
  },
);

test('a mount seen in both namespaces is named once', async () => {
  const host = hostWithMap();
  const mounts = [{ devNumber: '253:3', mountPoint: '/srv', source: '/dev/dm-3' }];
  setMounts(host, mounts);
  setMounts(host, mounts, '/proc/self/mountinfo');
  expect(await findDeviceUsers(host, BLOCKS, ['dm-3'])).toHaveLength(1);
});

test('a loop device over a path is a user', async () => {
  const host = hostWithMap();
  host.file('/sys/class/block/loop4/loop/backing_file', '/dev/sdb\n');
  host
    .file('/sys/class/block/loop5/loop/backing_file', '/srv/image\n')
    .file('/sys/class/block/loop6/dev', '7:6\n');
  expect(await findDeviceUsers(host, BLOCKS, ['dm-3'])).toEqual([
    { block: 'sdb', kind: 'holder', what: 'loop4' },
  ]);
});

test('a mounted partition of a path is a user', async () => {
  const host = hostWithMap();
  addPartition(host, 'sdb', { block: 'sdb1', devNumber: '8:17' });
  setMounts(host, [{ devNumber: '8:17', mountPoint: '/srv', source: '/dev/sdb1' }]);
  expect(await findDeviceUsers(host, BLOCKS, ['dm-3'])).toEqual([
    { block: 'sdb1', kind: 'mount', what: '/srv' },
  ]);
});

test('an idle partition map is no user, a mounted one is', async () => {
  const host = hostWithMap();
  addDm(host, {
    block: 'dm-4',
    name: `${WWID}-part1`,
    uuid: `part1-mpath-${WWID}`,
    slaves: ['dm-3'],
    devNumber: '253:4',
  });
  expect(await findDeviceUsers(host, BLOCKS, ['dm-3'])).toEqual([]);
  setMounts(host, [{ devNumber: '253:4', mountPoint: '/srv', source: '/dev/mapper/x' }]);
  expect(await findDeviceUsers(host, BLOCKS, ['dm-3'])).toEqual([
    { block: 'dm-4', kind: 'mount', what: '/srv' },
  ]);
});

test('a logical volume on a partition map is a user', async () => {
  const host = hostWithMap();
  addDm(host, { block: 'dm-4', name: 'p', uuid: `part1-mpath-${WWID}`, slaves: ['dm-3'] });
  addDm(host, { block: 'dm-9', name: 'vg0-data', uuid: 'LVM-abc', slaves: ['dm-4'] });
  expect(await findDeviceUsers(host, BLOCKS, ['dm-3'])).toEqual([
    { block: 'dm-4', kind: 'holder', what: 'dm-9', name: 'vg0-data' },
  ]);
});

test('a btrfs mount, which has a device number of its own, is found by its source', async () => {
  const host = hostWithMap();
  host.link('/dev/mapper/mpatha', '../dm-3');
  setMounts(host, [{ devNumber: '0:42', mountPoint: '/srv', source: '/dev/mapper/mpatha' }]);
  expect(await findDeviceUsers(host, BLOCKS, ['dm-3'])).toEqual([
    { block: 'dm-3', kind: 'mount', what: '/srv' },
  ]);
});

test('swap is a user, also by the name of a link', async () => {
  const host = hostWithMap();
  host.link('/dev/mapper/mpatha', '../dm-3');
  host.file('/proc/swaps', 'Filename Type\n/dev/mapper/mpatha   partition\t1048572\t0\t-2\n');
  expect(await findDeviceUsers(host, BLOCKS, ['dm-3'])).toEqual([
    { block: 'dm-3', kind: 'swap', what: '/dev/mapper/mpatha' },
  ]);
});

test('mounts and swap of other devices are no users', async () => {
  const host = hostWithMap();
  setMounts(host, [{ devNumber: '8:1', mountPoint: '/boot', source: '/dev/sda1' }]);
  host.file('/proc/swaps', 'Filename Type\n/dev/sda2 partition 1 0 -2\n/swapfile file 1 0 -3\n');
  expect(await findDeviceUsers(host, BLOCKS, ['dm-3'])).toEqual([]);
});

test('a device that has gone has no users', async () => {
  expect(await findDeviceUsers(emptyHost(), BLOCKS)).toEqual([]);
});

test.each(['/proc/1/mountinfo', '/proc/self/mountinfo', '/proc/swaps'])(
  'an unreadable %s is unknown, not empty',
  async (path) => {
    const host = hostWithMap();
    host.unreadable(path, 'EACCES');
    await expect(findDeviceUsers(host, BLOCKS)).rejects.toMatchObject({ code: 'EACCES' });
  },
);

test('a hidden or empty list of mounts is unknown, not empty', async () => {
  const hidden = hostWithMap().drop('/proc/1/mountinfo');
  await expect(findDeviceUsers(hidden, BLOCKS)).rejects.toMatchObject({ code: 'ENOENT' });
  const empty = hostWithMap().file('/proc/1/mountinfo', '');
  await expect(findDeviceUsers(empty, BLOCKS)).rejects.toMatchObject({ name: 'MalformedFact' });
});

test('unreadable holders are unknown, not none', async () => {
  const host = hostWithMap();
  host.drop('/sys/devices/virtual/block/dm-3/holders');
  host.unreadable('/sys/devices/virtual/block/dm-3/holders', 'EIO');
  await expect(findDeviceUsers(host, BLOCKS)).rejects.toMatchObject({ code: 'EIO' });
});
