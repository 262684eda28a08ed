import { expect, test } from 'vitest';
import { findStablePath, leadsTo, linksOfUnit, mapLink } from '../../../src/host/stable-path.js';
import { addScsiDevice, addSession, emptyHost, WWID } from '../../support/sysfs-builder.js';

const NAA = WWID.slice(1);

test('a map has the name udev makes from its uuid, also before udev has made it', async () => {
  const map = { kind: 'multipath', block: 'dm-3', wwid: WWID } as const;
  expect(await findStablePath(emptyHost(), map)).toEqual({
    path: `/dev/disk/by-id/dm-uuid-mpath-${WWID}`,
    onlyThisBoot: false,
  });
});

test('a single device has its NAA link before its WWID link', async () => {
  const host = emptyHost();
  addSession(host);
  addScsiDevice(host);
  const device = { kind: 'single', block: 'sdb', wwid: WWID } as const;
  host.link(`/dev/disk/by-id/scsi-${WWID}`, '../../sdb');
  expect((await findStablePath(host, device)).path).toBe(`/dev/disk/by-id/scsi-${WWID}`);
  host.link(`/dev/disk/by-id/wwn-0x${NAA}`, '../../sdb');
  expect((await findStablePath(host, device)).path).toBe(`/dev/disk/by-id/wwn-0x${NAA}`);
});

test('a link that leads to another device is not taken', async () => {
  const host = emptyHost();
  addSession(host);
  addScsiDevice(host);
  host.link(`/dev/disk/by-id/wwn-0x${NAA}`, '../../dm-3').file('/dev/dm-3');
  const device = { kind: 'single', block: 'sdb', wwid: WWID } as const;
  expect(await findStablePath(host, device)).toEqual({ path: '/dev/sdb', onlyThisBoot: true });
});

test('a dangling link leads nowhere', async () => {
  const host = emptyHost().link(mapLink(WWID), '../../dm-3');
  expect(await leadsTo(host, mapLink(WWID), 'dm-3')).toBe(false);
});

test('characters that udev does not allow become underscores', () => {
  expect(mapLink('8LIO ORG/x')).toBe('/dev/disk/by-id/dm-uuid-mpath-8LIO_ORG_x');
});

test('the links of a unit are those made from its identity, partitions included', () => {
  const own = [
    `scsi-${WWID}`,
    `scsi-${WWID}-part1`,
    `wwn-0x${NAA}`,
    `wwn-0x${NAA}-part12`,
    `dm-uuid-mpath-${WWID}`,
    `dm-uuid-part1-mpath-${WWID}`,
    `dm-name-${WWID}`,
  ];
  const foreign = [`scsi-${WWID}0`, 'scsi-SLIO-ORG_disk_1', `dm-uuid-LVM-${WWID}`, 'wwn-0x5000'];
  expect(linksOfUnit([...foreign, ...own], WWID)).toEqual(own);
});
