import { beforeEach, expect, test } from 'vitest';
import { nodeError, type MemoryFileTree } from '../../../support/memory-file-tree.js';
import {
  addDm,
  addScsiDevice,
  addSession,
  OTHER_WWID,
  setMounts,
  WWID,
} from '../../../support/sysfs-builder.js';
import { verbsUnderTest, type VerbsUnderTest } from '../../../support/verbs-under-test.js';

const DEVICE = { hctl: '2:0:0:4', wwid: WWID };
const DELETE = '/sys/devices/platform/host2/session1/target2:0:0/2:0:0:4/delete';

let setting: VerbsUnderTest;
beforeEach(() => {
  setting = verbsUnderTest();
  addSession(setting.host);
});

test('a device is deleted through its own attribute', async () => {
  addScsiDevice(setting.host);
  expect(await setting.verbs.deleteDevice(DEVICE)).toEqual({ kind: 'done' });
  expect(setting.host.attributeWrites).toEqual([{ path: DELETE, value: '1' }]);
});

test('an unreachable device is taken out of service first, so that nothing waits for it', async () => {
  addScsiDevice(setting.host);
  const unreachable = { ...DEVICE, isUnreachable: true };
  expect(await setting.verbs.deleteDevice(unreachable)).toEqual({ kind: 'done' });
  expect(setting.host.attributeWrites).toEqual([
    { path: DELETE.replace(/delete$/, 'state'), value: 'offline' },
    { path: DELETE, value: '1' },
  ]);
});

test.each([
  ['another WWID', OTHER_WWID],
  ['no WWID', undefined],
])('a device that states %s is neither deleted nor flushed', async (_, wwid) => {
  addScsiDevice(setting.host, { wwid });
  expect(await setting.verbs.deleteDevice(DEVICE)).toMatchObject({ kind: 'refused' });
  expect(await setting.verbs.flushDevice({ ...DEVICE, timeoutMs: 1_000 })).toMatchObject({
    kind: 'refused',
  });
  expect(setting.host.attributeWrites).toEqual([]);
  expect(setting.runner.lines).toEqual([]);
});

test.each<[string, (host: MemoryFileTree) => void]>([
  [
    'LVM took when the map had gone',
    (host) => {
      addDm(host, { block: 'dm-7', name: 'vg0-data', uuid: 'LVM-abc', slaves: ['sdb'] });
    },
  ],
  [
    'is mounted',
    (host) => {
      setMounts(host, [{ devNumber: '8:16', mountPoint: '/srv', source: '/dev/sdb' }]);
    },
  ],
])('a device that %s is not deleted', async (_, use) => {
  addScsiDevice(setting.host);
  use(setting.host);
  expect(await setting.verbs.deleteDevice(DEVICE)).toMatchObject({ kind: 'busy' });
  expect(setting.host.attributeWrites).toEqual([]);
});

test("a path below the volume's own map is deleted: the map has others", async () => {
  addScsiDevice(setting.host);
  addDm(setting.host, { slaves: ['sdb'] });
  expect(await setting.verbs.deleteDevice(DEVICE)).toEqual({ kind: 'done' });
});

test('a device that is not there is gone', async () => {
  expect(await setting.verbs.deleteDevice(DEVICE)).toEqual({ kind: 'already-gone' });
  expect(await setting.verbs.flushDevice({ ...DEVICE, timeoutMs: 1_000 })).toEqual({
    kind: 'already-gone',
  });
});

test('a device that somebody else deletes meanwhile is gone', async () => {
  addScsiDevice(setting.host);
  setting.host.onWrite(({ path }) => {
    throw nodeError('ENODEV', path);
  });
  expect(await setting.verbs.deleteDevice(DEVICE)).toEqual({ kind: 'already-gone' });
});

test('a device whose identity cannot be read is not deleted', async () => {
  addScsiDevice(setting.host);
  setting.host.unreadable(DELETE.replace(/delete$/, 'wwid'), 'EIO');
  await expect(setting.verbs.deleteDevice(DEVICE)).rejects.toMatchObject({ code: 'EIO' });
  expect(setting.host.attributeWrites).toEqual([]);
});

test('a deletion that hangs is left to the kernel', async () => {
  addScsiDevice(setting.host);
  let end = (): void => undefined;
  const hanging = new Promise<void>((resolve) => {
    end = resolve;
  });
  setting.host.onWrite(async () => hanging);
  expect(await setting.verbs.deleteDevice(DEVICE)).toEqual({ kind: 'done' });
  end();
});

test('a single device is flushed by the name it has now', async () => {
  addScsiDevice(setting.host, { block: 'sdq' });
  expect(await setting.verbs.flushDevice({ ...DEVICE, timeoutMs: 1_000 })).toEqual({
    kind: 'done',
  });
  expect(setting.runner.lines).toEqual(['sync /dev/sdq']);
});
