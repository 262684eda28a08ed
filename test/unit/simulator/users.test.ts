import { expect, test } from 'vitest';
import { newRig } from './rig.js';

test('a mount is in mountinfo with its device number, and gone after the unmount', async () => {
  const rig = newRig();
  await rig.attachOnePath();
  await rig.addMap();

  await rig.control.mount('/dev/dm-0', '/mnt/my data');

  const line = expect.stringMatching(
    /^\d+ 27 253:0 \/ \/mnt\/my\\040data .* - ext4 \/dev\/mapper\/3600\w+ rw$/m,
  );
  expect(await rig.read('/proc/1/mountinfo')).toEqual(line);
  expect(await rig.read('/proc/self/mountinfo')).toEqual(line);
  await rig.control.unmount('/mnt/my data');
  expect(await rig.read('/proc/1/mountinfo')).not.toContain('/mnt');
});

test('swap on a device is in the list of swaps', async () => {
  const rig = newRig();
  await rig.attachOnePath();

  await rig.control.swapOn('/dev/sda');

  expect(await rig.read('/proc/swaps')).toMatch(/^Filename.*\n\/dev\/sda +partition\t65536\t/);
});

test('a holder above a map is a device-mapper device of its own', async () => {
  const rig = newRig();
  await rig.attachOnePath();
  await rig.addMap();

  await rig.control.addHolder('/dev/dm-0', { name: 'vg-lv', uuid: 'LVM-abc' });
  expect(await rig.list('/sys/class/block/dm-0/holders')).toEqual(['dm-1']);
  expect(await rig.read('/sys/class/block/dm-1/dm/uuid')).toBe('LVM-abc\n');

  await rig.control.removeHolder('vg-lv');
  expect(await rig.list('/sys/class/block/dm-0/holders')).toEqual([]);
});

test('a mount in a container is in the list of its program alone', async () => {
  const rig = newRig();
  await rig.attachOnePath();

  const open = await rig.control.mountElsewhere('/dev/sda', '/mnt/inside');

  const pid = (await rig.list('/proc')).find((name) => Number(name) > 1) ?? '';
  expect(await rig.read(`/proc/${pid}/mountinfo`)).toContain('/mnt/inside');
  expect(await rig.read('/proc/1/mountinfo')).not.toContain('/mnt/inside');
  await rig.control.close(open);
  expect(await rig.list('/proc')).not.toContain(pid);
});
