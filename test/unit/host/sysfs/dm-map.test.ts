import { expect, test } from 'vitest';
import { findMap, readDm } from '../../../../src/host/sysfs/dm-map.js';
import {
  addDm,
  addHolder,
  addScsiDevice,
  addSession,
  emptyHost,
  WWID,
} from '../../../support/sysfs-builder.js';

test('a map is read with its slaves, holders and size', async () => {
  const host = emptyHost();
  addSession(host);
  addScsiDevice(host);
  addDm(host, { name: 'mpatha', slaves: ['sdb'], suspended: true });
  addDm(host, { block: 'dm-7', name: 'vg0-data', uuid: 'LVM-abc', slaves: ['dm-3'] });
  expect(await findMap(host, WWID)).toEqual({
    block: 'dm-3',
    name: 'mpatha',
    uuid: `mpath-${WWID}`,
    sizeBytes: 67_108_864,
    suspended: true,
    slaves: ['sdb'],
    holders: ['dm-7'],
  });
});

test.each([`part1-mpath-${WWID}`, `mpath-${WWID}0`, `LVM-${WWID}`, `CRYPT-mpath-${WWID}`, ''])(
  'a device with the uuid "%s" is not the map',
  async (uuid) => {
    const host = emptyHost();
    addDm(host, { uuid, name: WWID });
    expect(await findMap(host, WWID)).toBeUndefined();
  },
);

test('a map that goes while it is read is absent', async () => {
  const host = emptyHost();
  addDm(host);
  host.onRead((path) => {
    if (path.endsWith('/suspended')) host.drop('/sys/devices/virtual/block/dm-3');
  });
  expect(await findMap(host, WWID)).toBeUndefined();
});

test('an unreadable map is unknown, not absent', async () => {
  const host = emptyHost();
  addDm(host);
  host.unreadable('/sys/devices/virtual/block/dm-3/dm/uuid', 'EACCES');
  await expect(findMap(host, WWID)).rejects.toMatchObject({ code: 'EACCES' });
});

test.each(['name', 'uuid', 'suspended'])(
  'a map that is on its way out, so that the kernel does not tell its %s, has gone',
  async (attribute) => {
    const host = emptyHost();
    addDm(host);
    host.unreadable(`/sys/devices/virtual/block/dm-3/dm/${attribute}`, 'EINVAL');
    expect(await findMap(host, WWID)).toBeUndefined();
    expect(await readDm(host, 'dm-3')).toBeUndefined();
  },
);

test('a disk is no map', async () => {
  const host = emptyHost();
  addSession(host);
  addScsiDevice(host);
  addHolder(host, 'sdb', 'dm-3');
  expect(await findMap(host, WWID)).toBeUndefined();
  expect(await readDm(host, 'dm-3')).toBeUndefined();
});
