import { expect, test } from 'vitest';
import type { FileTree } from '../../../../src/host/file-tree.js';
import { readSession, type PlacedSession } from '../../../../src/host/sysfs/iscsi-session.js';
import {
  devicesOfSession,
  devicesWithWwid,
  readScsiDevice,
} from '../../../../src/host/sysfs/scsi-device.js';
import {
  addPartition,
  addScsiDevice,
  addSession,
  dropScsiDevice,
  emptyHost,
  OTHER_WWID,
  WWID,
} from '../../../support/sysfs-builder.js';

async function sessionOf(host: FileTree, sid: number): Promise<PlacedSession> {
  const session = await readSession(host, sid);
  if (session === undefined) throw new Error(`no session ${String(sid)}`);
  return session;
}

const DEVICE = '/sys/devices/platform/host2/session1/target2:0:0/2:0:0:4';

test('a device is read with its block name, WWID in udev form and size in bytes', async () => {
  const host = emptyHost();
  addSession(host);
  const hctl = addScsiDevice(host);
  expect(await readScsiDevice(host, hctl)).toEqual({
    hctl: '2:0:0:4',
    lun: 4,
    state: 'running',
    wwid: WWID,
    block: 'sdb',
    sizeBytes: 67_108_864,
  });
});

test('the devices of a session are its own, by ascending LUN', async () => {
  const host = emptyHost();
  addSession(host, { sid: 1 });
  addSession(host, { sid: 2 });
  addScsiDevice(host, { lun: 12, block: 'sdb' });
  addScsiDevice(host, { lun: 4, block: 'sdc' });
  addScsiDevice(host, { sid: 2, block: 'sdd' });
  const devices = await devicesOfSession(host, await sessionOf(host, 1));
  expect(devices.map((device) => device.block)).toEqual(['sdc', 'sdb']);
});

test('a session without a scan until now has no devices', async () => {
  const host = emptyHost();
  addSession(host);
  expect(await devicesOfSession(host, await sessionOf(host, 1))).toEqual([]);
});

test('partitions are no devices', async () => {
  const host = emptyHost();
  addSession(host);
  const hctl = addScsiDevice(host);
  addPartition(host, 'sdb', { block: 'sdb1', devNumber: '8:17' });
  expect(await readScsiDevice(host, hctl)).toMatchObject({ block: 'sdb' });
});

test('devices are found by WWID whatever session they belong to', async () => {
  const host = emptyHost();
  addSession(host, { sid: 1 });
  addSession(host, { sid: 2 });
  addScsiDevice(host, { sid: 1, block: 'sdb' });
  addScsiDevice(host, { sid: 2, block: 'sdc' });
  addScsiDevice(host, { sid: 2, lun: 5, block: 'sdd', wwid: OTHER_WWID });
  expect((await devicesWithWwid(host, WWID)).map((device) => device.block)).toEqual(['sdb', 'sdc']);
});

test.each(['ENXIO', 'EINVAL'])('a unit whose wwid answers %s states none', async (code) => {
  const host = emptyHost();
  addSession(host);
  const hctl = addScsiDevice(host);
  host.unreadable(`${DEVICE}/wwid`, code);
  expect(await readScsiDevice(host, hctl)).not.toHaveProperty('wwid');
});

test.each(['EIO', 'EACCES'])('an unreadable wwid (%s) is unknown, not absent', async (code) => {
  const host = emptyHost();
  addSession(host);
  const hctl = addScsiDevice(host);
  host.unreadable(`${DEVICE}/wwid`, code);
  await expect(readScsiDevice(host, hctl)).rejects.toMatchObject({ code });
  await expect(devicesWithWwid(host, WWID)).rejects.toMatchObject({ code });
});

test('a device that goes while it is read is absent, not without identity', async () => {
  const host = emptyHost();
  addSession(host);
  const hctl = addScsiDevice(host);
  host.onRead((path) => {
    if (path.endsWith('/wwid')) dropScsiDevice(host, hctl, 'sdb');
  });
  expect(await readScsiDevice(host, hctl)).toBeUndefined();
});

test('a device without its block name yet is a device', async () => {
  const host = emptyHost();
  addSession(host);
  const hctl = addScsiDevice(host);
  host.drop(`${DEVICE}/block`);
  expect(await readScsiDevice(host, hctl)).toEqual({ hctl, lun: 4, state: 'running', wwid: WWID });
});

test('a size that is no number is refused', async () => {
  const host = emptyHost();
  addSession(host);
  const hctl = addScsiDevice(host);
  host.file(`${DEVICE}/block/sdb/size`, 'many\n');
  await expect(readScsiDevice(host, hctl)).rejects.toMatchObject({ name: 'MalformedFact' });
});
