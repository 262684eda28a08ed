import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import {
  arrayWithTwoVolumes,
  IQN,
  newRig,
  OTHER_UDEV_WWID,
  PORTALS,
  SIZE_BYTES,
  UDEV_WWID,
  WWID,
  type Rig,
} from './rig.js';

const WWIDS_FILE = '/etc/multipath/wwids';
const [FIRST = '', SECOND = ''] = PORTALS;

async function slaves(rig: Rig, block = 'dm-0'): Promise<string[]> {
  return rig.list(`/sys/class/block/${block}/slaves`);
}

async function monitored(rig: Rig): Promise<string> {
  return (await rig.run('multipathd', 'show', 'paths', 'raw', 'format', '%d %w')).stdout;
}

async function mapReady(rig: Rig): Promise<void> {
  await eventually(async () => {
    expect(await rig.host.files.realPath(`/dev/mapper/${UDEV_WWID}`)).toBe('/dev/dm-0');
  });
}

/** Removes the map, waiting for udev to let go of it. */
async function removeMap(rig: Rig): Promise<void> {
  await eventually(async () => {
    expect((await rig.run('multipath', '-f', UDEV_WWID)).exitCode).toBe(0);
  });
}

describe('under find_multipaths strict', () => {
  test('no map comes by itself', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await eventually(async () => expect(await monitored(rig)).toBe(`sda ${UDEV_WWID}\n`));

    await rig.offerPaths();

    expect(await rig.list('/sys/class/block')).toEqual(['sda']);
  });

  test('a map comes by request, is remembered, and has the kernel facts of a multipath map', async () => {
    const rig = newRig();
    await rig.attachOnePath();

    expect(await rig.addMap()).toMatchObject({ exitCode: 0, stdout: 'ok\n' });

    const map = '/sys/class/block/dm-0';
    expect(await rig.read(`${map}/dm/uuid`)).toBe(`mpath-${UDEV_WWID}\n`);
    expect(await rig.read(`${map}/dm/name`)).toBe(`${UDEV_WWID}\n`);
    expect(await rig.read(`${map}/dm/suspended`)).toBe('0\n');
    expect(await rig.read(`${map}/size`)).toBe(`${SIZE_BYTES / 512}\n`);
    expect(await rig.read(`${map}/dev`)).toBe('253:0\n');
    expect(await slaves(rig)).toEqual(['sda']);
    expect(await rig.list('/sys/class/block/sda/holders')).toEqual(['dm-0']);
    expect(await rig.read(WWIDS_FILE)).toMatch(
      new RegExp(`^# Multipath wwids[^]*\n/${UDEV_WWID}/\n$`),
    );
  });

  test('a map comes when the WWID is noted and the path offered', async () => {
    const rig = newRig();
    await rig.attachOnePath();

    const noted = await rig.run('multipath', '-a', UDEV_WWID);
    expect(noted).toMatchObject({ exitCode: 0, stdout: `wwid '${UDEV_WWID}' added\n` });
    await rig.offerPaths();

    expect(await slaves(rig)).toEqual(['sda']);
  });

  test('a path of a WWID that is noted already gets its map by itself', async () => {
    const rig = newRig();
    await rig.run('multipath', '-a', UDEV_WWID);

    await rig.attachOnePath();

    await eventually(async () => expect(await slaves(rig)).toEqual(['sda']));
  });

  test('a further path joins the map by itself', async () => {
    const rig = newRig();
    await rig.attachOnePath(FIRST);
    await rig.addMap();

    await rig.attachOnePath(SECOND, 2);

    await eventually(async () => expect(await slaves(rig)).toEqual(['sda', 'sdb']));
  });

  test('a path that udev has not looked at is refused, and listed without a WWID', async () => {
    const rig = newRig();
    await rig.control.addFault({ kind: 'udev-late', byMs: 2_000 });
    await rig.attachOnePath();

    const offered = await rig.run('multipathd', 'add', 'path', 'sda');
    expect(offered).toMatchObject({ exitCode: 1, stdout: 'fail\n' });
    expect(await monitored(rig)).toBe('sda \n');
    expect((await rig.run('multipathd', 'add', 'map', UDEV_WWID)).exitCode).toBe(1);

    await eventually(async () => expect(await monitored(rig)).toBe(`sda ${UDEV_WWID}\n`));
    expect((await rig.run('multipathd', 'add', 'map', UDEV_WWID)).exitCode).toBe(0);
  });

  test('a map over nothing is refused', async () => {
    expect(await newRig().addMap()).toMatchObject({ exitCode: 1, stdout: 'fail\n' });
  });

  test('two targets whose units have the same WWID end up in one map', async () => {
    const array = arrayWithTwoVolumes();
    array.addVolume({ name: 'twin', wwid: WWID, sizeBytes: SIZE_BYTES });
    array.mapLun({ iqn: IQN, lun: 6, volume: 'twin' });
    const rig = newRig({ array });
    await rig.attachOnePath();
    await rig.scan(6);

    await rig.addMap();

    expect(await slaves(rig)).toEqual(['sda', 'sdb']);
  });

  test('a path of another size does not join', async () => {
    const array = arrayWithTwoVolumes();
    array.addVolume({ name: 'twin', wwid: WWID, sizeBytes: 2 * SIZE_BYTES });
    array.mapLun({ iqn: IQN, lun: 6, volume: 'twin' });
    const rig = newRig({ array });
    await rig.attachOnePath();
    await rig.addMap();
    await mapReady(rig);
    await rig.scan(6);

    expect((await rig.run('multipathd', 'add', 'path', 'sdb')).exitCode).toBe(1);
    expect(await slaves(rig)).toEqual(['sda']);
  });
});

describe('multipath -f', () => {
  test('removes a map and leaves its WWID in the file', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.addMap();

    await removeMap(rig);

    expect(await rig.list('/sys/class/block')).toEqual(['sda']);
    expect(await rig.read(WWIDS_FILE)).toContain(`/${UDEV_WWID}/\n`);
  });

  test('right after the creation says that the map is in use', async () => {
    const rig = newRig({ durations: { mapBusy: 5_000 } });
    await rig.attachOnePath();
    await rig.addMap();

    const end = await rig.run('multipath', '-f', UDEV_WWID);

    expect(end.exitCode).toBe(1);
    expect(end.stderr).toMatch(/^\d+\.\d{6} \| \w+: map in use\n$/);
    await removeMap(rig);
  });

  test.each([
    { user: 'a program', use: (rig: Rig) => rig.control.holdOpen('/dev/dm-0') },
    { user: 'a mount', use: (rig: Rig) => rig.control.mount('/dev/dm-0', '/mnt/data') },
    { user: 'swap', use: (rig: Rig) => rig.control.swapOn('/dev/dm-0') },
    {
      user: 'a holder',
      use: (rig: Rig) => rig.control.addHolder('/dev/dm-0', { name: 'vg-lv', uuid: 'LVM-x' }),
    },
    {
      user: 'somebody',
      use: (rig: Rig) => rig.control.addFault({ kind: 'map-held-open', wwid: WWID }),
    },
  ])('is refused while $user has the map', async ({ use }) => {
    const rig = newRig({ durations: { mapBusy: 0 } });
    await rig.attachOnePath();
    await rig.addMap();
    await mapReady(rig);

    await use(rig);

    expect((await rig.run('multipath', '-f', UDEV_WWID)).exitCode).toBe(1);
    expect(await slaves(rig)).toEqual(['sda']);
  });

  test('of something that is no map says so', async () => {
    const end = await newRig().run('multipath', '-f', UDEV_WWID);

    expect(end.exitCode).toBe(1);
    expect(end.stderr).toContain(`${UDEV_WWID} is not a multipath device`);
  });

  test('does not hang on a map without a path', async () => {
    const rig = newRig({ durations: { mapBusy: 0 } });
    await rig.attachOnePath();
    await rig.addMap();
    await mapReady(rig);
    const open = await rig.control.holdOpen('/dev/dm-0');
    await rig.deletePath('2:0:0:4');
    await eventually(async () => expect(await slaves(rig)).toEqual([]));
    void rig.control.close(open);

    expect((await rig.run('multipath', '-f', UDEV_WWID)).exitCode).toBe(0);
  });
});

describe('a path that goes', () => {
  test('leaves the map and the list of the daemon a moment later', async () => {
    const rig = newRig();
    await rig.attachOnePath(FIRST);
    await rig.attachOnePath(SECOND, 2);
    await rig.addMap();
    await mapReady(rig);

    await rig.deletePath('2:0:0:4');

    expect(await slaves(rig)).toEqual(['sda', 'sdb']);
    await eventually(async () => {
      expect(await slaves(rig)).toEqual(['sdb']);
      expect(await monitored(rig)).toBe(`sdb ${UDEV_WWID}\n`);
    });
  });

  test('takes the map along when it was the last one', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.addMap();
    await mapReady(rig);

    await rig.deletePath('2:0:0:4');

    await eventually(async () => expect(await rig.list('/sys/class/block')).toEqual([]));
  });

  test('stays in the list of a daemon that is slow to forget, until it is told', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await eventually(async () => expect(await monitored(rig)).toContain('sda'));
    await rig.control.addFault({ kind: 'multipathd-slow-to-forget', byMs: 600_000 });

    await rig.deletePath('2:0:0:4');
    expect(await monitored(rig)).toBe(`sda ${UDEV_WWID}\n`);

    expect((await rig.run('multipathd', 'del', 'path', 'sda')).stdout).toBe('ok\n');
    expect(await monitored(rig)).toBe('ok\n');
    expect((await rig.run('multipathd', 'del', 'path', 'sda')).exitCode).toBe(1);
  });
});

describe('the daemon', () => {
  test('that does not run gives exit 1 and no word, and makes no map', async () => {
    const rig = newRig();
    const fault = await rig.control.addFault({ kind: 'multipathd-stopped' });
    await rig.run('multipath', '-a', UDEV_WWID);
    await rig.attachOnePath();

    const end = await rig.run('multipathd', 'show', 'status');
    expect(end).toMatchObject({ exitCode: 1, stdout: '', stderr: '' });
    expect(await rig.list('/sys/class/block')).toEqual(['sda']);

    await rig.control.removeFault(fault);
    await eventually(async () => expect(await slaves(rig)).toEqual(['sda']));
  });

  test('says how its paths are', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.offerPaths();

    const { stdout } = await rig.run('multipathd', 'show', 'status');

    expect(stdout).toBe(`path checker states:\nup                  1\n\npaths: 1\nbusy: False\n`);
  });

  test('that is busy for long lets its client time out', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.control.addFault({ kind: 'map-late', byMs: 60_000 });

    expect(await rig.addMap()).toMatchObject({ exitCode: 1, stdout: 'timeout receiving packet\n' });

    await eventually(async () => expect(await slaves(rig)).toEqual(['sda']));
  });

  test('keeps several maps apart', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.scan(5);

    await Promise.all([rig.addMap(UDEV_WWID), rig.addMap(OTHER_UDEV_WWID)]);

    expect(await slaves(rig, 'dm-0')).toEqual(['sda']);
    expect(await slaves(rig, 'dm-1')).toEqual(['sdb']);
  });

  test('resizes a map once all its paths have grown', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.addMap();
    await rig.control.array.resizeVolume({ volume: 'v1', sizeBytes: 4 * SIZE_BYTES });
    await rig.host.writer.writeAttribute('/sys/class/scsi_device/2:0:0:4/device/rescan', '1');

    await rig.run('multipathd', 'resize', 'map', UDEV_WWID);

    expect(await rig.read('/sys/class/block/dm-0/size')).toBe(`${(4 * SIZE_BYTES) / 512}\n`);
  });
});

test('multipathd shortens the recovery time of the sessions below a map', async () => {
  const rig = newRig();
  await rig.attachOnePath();
  const recovery = '/sys/class/iscsi_session/session1/recovery_tmo';
  expect(await rig.read(recovery)).toBe('120\n');

  await rig.addMap();

  expect(await rig.read(recovery)).toBe('5\n');
});

test('the wwids file is edited line by line', async () => {
  const rig = newRig();
  await rig.run('multipath', '-a', UDEV_WWID);
  await rig.run('multipath', '-a', OTHER_UDEV_WWID);

  expect((await rig.run('multipath', '-w', UDEV_WWID)).stdout).toBe(
    `wwid '${UDEV_WWID}' removed\n`,
  );
  expect((await rig.run('multipath', '-w', UDEV_WWID)).stdout).toBe(
    `wwid '${UDEV_WWID}' not in wwids file\n`,
  );

  // As real multipath does: the line becomes a comment.
  expect((await rig.read(WWIDS_FILE)).split('\n').slice(-3)).toEqual([
    `#${UDEV_WWID}/`,
    `/${OTHER_UDEV_WWID}/`,
    '',
  ]);
});
