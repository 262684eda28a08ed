import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { newRig, UDEV_WWID, type Rig } from './rig.js';

const BY_ID = '/dev/disk/by-id';
const SCSI = `${BY_ID}/scsi-${UDEV_WWID}`;
const WWN = `${BY_ID}/wwn-0x${UDEV_WWID.slice(1)}`;

async function leadsTo(rig: Rig, link: string): Promise<string> {
  return rig.host.files.realPath(link);
}

test('a disk gets its links a moment after it is there', async () => {
  const rig = newRig();
  await rig.attachOnePath();

  await eventually(async () => {
    expect(await leadsTo(rig, SCSI)).toBe('/dev/sda');
    expect(await leadsTo(rig, WWN)).toBe('/dev/sda');
  });
  expect(await rig.list('/dev/disk/by-path')).toEqual([
    'ip-10.0.0.1:3260-iscsi-iqn.2026-11.io.example:array1-lun-4',
  ]);
});

test('the links of a unit move to its map when it comes, and back when it goes', async () => {
  const rig = newRig();
  await rig.attachOnePath();
  await rig.addMap();

  await eventually(async () => {
    expect(await leadsTo(rig, SCSI)).toBe('/dev/dm-0');
    expect(await leadsTo(rig, WWN)).toBe('/dev/dm-0');
    expect(await leadsTo(rig, `${BY_ID}/dm-uuid-mpath-${UDEV_WWID}`)).toBe('/dev/dm-0');
    expect(await leadsTo(rig, `${BY_ID}/dm-name-${UDEV_WWID}`)).toBe('/dev/dm-0');
  });
  const serialLinks = (await rig.list(BY_ID)).filter((name) => /^scsi-[1S]/.test(name));
  for (const name of serialLinks) expect(await leadsTo(rig, `${BY_ID}/${name}`)).toBe('/dev/sda');

  await eventually(async () => {
    expect((await rig.run('multipath', '-f', UDEV_WWID)).exitCode).toBe(0);
  });
  await eventually(async () => expect(await leadsTo(rig, SCSI)).toBe('/dev/sda'));
});

test('a late udev shows no link at first', async () => {
  const rig = newRig();
  await rig.control.addFault({ kind: 'udev-late', byMs: 2_000 });
  await rig.attachOnePath();

  await expect(leadsTo(rig, SCSI)).rejects.toMatchObject({ code: 'ENOENT' });

  await eventually(async () => expect(await leadsTo(rig, SCSI)).toBe('/dev/sda'));
});

test('a link that udev forgot dangles until it is removed by hand', async () => {
  const rig = newRig();
  await rig.attachOnePath();
  await eventually(async () => expect(await leadsTo(rig, SCSI)).toBe('/dev/sda'));
  await rig.control.addFault({ kind: 'udev-keeps-links' });

  await rig.deletePath('2:0:0:4');
  await expect(leadsTo(rig, SCSI)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await rig.list(BY_ID)).toContain(`scsi-${UDEV_WWID}`);

  await rig.host.writer.removeFile(SCSI);
  expect(await rig.list(BY_ID)).not.toContain(`scsi-${UDEV_WWID}`);
});
