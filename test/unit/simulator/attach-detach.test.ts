import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { bytes, newRig, PORTALS, textOf, UDEV_WWID, type Rig } from './rig.js';

const MAP = `/dev/disk/by-id/dm-uuid-mpath-${UDEV_WWID}`;

async function attachOverFourPaths(rig: Rig): Promise<void> {
  await Promise.all(PORTALS.map((portal) => rig.logIn(portal)));
  await Promise.all(PORTALS.map((_, index) => rig.scan(4, index + 1)));
  await rig.addMap();
  await eventually(async () => {
    expect(await rig.list('/sys/class/block/dm-0/slaves')).toHaveLength(PORTALS.length);
    expect(await rig.host.files.realPath(MAP)).toBe('/dev/dm-0');
  });
}

async function detach(rig: Rig): Promise<void> {
  await rig.run('sync', '/dev/dm-0');
  await eventually(async () => {
    expect((await rig.run('multipath', '-f', UDEV_WWID)).exitCode).toBe(0);
  });
  for (const hctl of await rig.list('/sys/class/scsi_device')) await rig.deletePath(hctl);
  for (const session of await rig.list('/sys/class/iscsi_session')) {
    await rig.run('iscsiadm', '-m', 'session', '-r', session.slice('session'.length), '--logout');
  }
  for (const portal of PORTALS) await rig.node(portal, '-o', 'delete');
  await rig.run('multipath', '-w', UDEV_WWID);
}

test('a volume is attached over four paths, written, and detached without a trace', async () => {
  const rig = newRig();
  const { control } = rig;
  const before = await control.snapshot();

  await attachOverFourPaths(rig);
  await control.writeThrough(MAP, 4_000, bytes('a pattern over two blocks of the volume'));
  await detach(rig);

  await eventually(async () => expect(await control.snapshot()).toEqual(before));
  const written = await control.array.readVolume({ volume: 'v1', offset: 4_000, length: 9 });
  expect(textOf(written)).toBe('a pattern');
});

test('what the files show and what the snapshot says are the same', async () => {
  const rig = newRig();
  await attachOverFourPaths(rig);

  const { sessions, scsiDevices, maps, nodeRecords, links } = await rig.control.snapshot();

  const names = sessions.map(({ session }) => session);
  expect(await rig.list('/sys/class/iscsi_session')).toEqual(names);
  expect(await rig.list('/sys/class/scsi_device')).toEqual(scsiDevices.map(({ hctl }) => hctl));
  const blocks = [...scsiDevices.map(({ disk }) => disk), ...maps.map(({ name }) => name)];
  expect(await rig.list('/sys/class/block')).toEqual(blocks.sort());
  expect(await rig.list('/dev/disk/by-id')).toEqual(links.map(({ name }) => name));
  for (const { path, sha256 } of nodeRecords) {
    const text = await rig.read(path);
    expect(createHash('sha256').update(text).digest('hex')).toBe(sha256);
  }
  expect(nodeRecords).toHaveLength(PORTALS.length);
});
