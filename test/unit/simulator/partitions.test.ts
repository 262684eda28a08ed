import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { newRig, PORTAL, UDEV_WWID } from './rig.js';

test('a partition table gives a disk a partition with links of its own', async () => {
  const rig = newRig();
  await rig.attachOnePath();

  await rig.control.partition('/dev/sda');

  expect(await rig.read('/sys/class/block/sda1/partition')).toBe('1\n');
  expect(await rig.list('/sys/class/block/sda')).toContain('sda1');
  const link = `/dev/disk/by-id/wwn-0x${UDEV_WWID.slice(1)}-part1`;
  await eventually(async () => {
    expect(await rig.host.files.realPath(link)).toBe('/dev/sda1');
  });
  await rig.deletePath('2:0:0:4');
  expect(await rig.list('/sys/class/block')).toEqual([]);
  await eventually(async () => {
    expect((await rig.control.snapshot()).links).toEqual([]);
  });
});

test('the table is on the volume: the next disk of it has the partition at once', async () => {
  const rig = newRig();
  await rig.attachOnePath();
  await rig.control.partition('/dev/sda');
  await rig.deletePath('2:0:0:4');

  await rig.attachOnePath('10.0.0.2:3260', 2);

  expect(await rig.list('/sys/class/block')).toEqual(['sda', 'sda1']);
});

test('a map gets a device for the partition, which goes with it unless it is in use', async () => {
  const rig = newRig();
  await rig.attachOnePath(PORTAL);
  await rig.addMap();
  await rig.control.partition('/dev/dm-0');
  await eventually(async () => {
    const { maps } = await rig.control.snapshot();
    expect(maps.map(({ uuid }) => uuid)).toEqual([
      `mpath-${UDEV_WWID}`,
      `part1-mpath-${UDEV_WWID}`,
    ]);
  });
  await rig.control.mount('/dev/dm-1', '/mnt');
  expect(await rig.run('multipath', '-f', UDEV_WWID)).toMatchObject({ exitCode: 1 });

  await rig.control.unmount('/mnt');
  await eventually(async () => {
    expect(await rig.run('multipath', '-f', UDEV_WWID)).toMatchObject({ exitCode: 0 });
  });

  expect((await rig.control.snapshot()).maps).toEqual([]);
});
