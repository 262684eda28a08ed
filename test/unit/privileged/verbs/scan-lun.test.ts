import { expect, test } from 'vitest';
import { addScsiDevice, addSession, IQN, PORTAL } from '../../../support/sysfs-builder.js';
import { verbsUnderTest } from '../../../support/verbs-under-test.js';

const INPUT = { iqn: IQN, portal: PORTAL, iface: 'default', sid: 1, lun: 4 };
const SCAN = '/sys/class/scsi_host/host2/scan';

test('a scan asks for exactly one LUN of the one target', async () => {
  const { host, verbs } = verbsUnderTest();
  addSession(host);
  expect(await verbs.scanLun(INPUT)).toEqual({ kind: 'done' });
  expect(host.attributeWrites).toEqual([{ path: SCAN, value: '0 0 4' }]);
});

test("a scan goes to the session's own target when the kernel has named it", async () => {
  const { host, verbs } = verbsUnderTest();
  const place = addSession(host);
  host.directory(`${place}/target2:1:7`);
  await verbs.scanLun(INPUT);
  expect(host.attributeWrites).toEqual([{ path: SCAN, value: '1 7 4' }]);
});

test('on a host of several sessions the target is left open, the LUN is not', async () => {
  const { host, verbs } = verbsUnderTest();
  addSession(host, { sid: 1, scsiHost: 2 });
  addSession(host, { sid: 2, scsiHost: 2, portal: '10.0.0.2:3260' });
  await verbs.scanLun(INPUT);
  expect(host.attributeWrites).toEqual([{ path: SCAN, value: '- - 4' }]);
});

test('a device that is there is not scanned for', async () => {
  const { host, verbs } = verbsUnderTest();
  addSession(host);
  addScsiDevice(host);
  expect(await verbs.scanLun(INPUT)).toEqual({ kind: 'already-so' });
  expect(host.attributeWrites).toEqual([]);
});

test('a device without identity is scanned for again', async () => {
  const { host, verbs } = verbsUnderTest();
  addSession(host);
  addScsiDevice(host, { wwid: undefined });
  expect(await verbs.scanLun(INPUT)).toEqual({ kind: 'done' });
});

test('a session that is gone, or is another, is refused', async () => {
  const { host, verbs } = verbsUnderTest();
  expect(await verbs.scanLun(INPUT)).toMatchObject({ kind: 'refused' });
  addSession(host, { portal: '10.0.0.2:3260' });
  expect(await verbs.scanLun(INPUT)).toMatchObject({ kind: 'refused' });
  expect(host.attributeWrites).toEqual([]);
});
