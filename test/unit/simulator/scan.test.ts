import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import {
  arrayWithTwoVolumes,
  IQN,
  newRig,
  OTHER_WWID,
  PORTAL,
  SIZE_BYTES,
  WWID,
  type Rig,
} from './rig.js';

const DEVICE = '/sys/class/scsi_device/2:0:0:4/device';

async function hctls(rig: Rig): Promise<string[]> {
  return rig.list('/sys/class/scsi_device');
}

describe('scan mode', () => {
  test('a login with automatic scan shows every mapped LUN when it returns', async () => {
    const rig = newRig();

    await rig.logIn(PORTAL, { 'node.session.scan': 'auto' });

    expect(await hctls(rig)).toEqual(['2:0:0:4', '2:0:0:5']);
  });

  test('a login with manual scan shows no LUN until it is scanned', async () => {
    const rig = newRig();

    await rig.logIn();
    expect(await hctls(rig)).toEqual([]);
    expect(await rig.list('/sys/class/iscsi_session/session1/device')).toEqual([
      'connection1:0',
      'iscsi_session',
    ]);

    await rig.scan(4);
    expect(await hctls(rig)).toEqual(['2:0:0:4']);
    expect(await rig.list('/sys/class/iscsi_session/session1/device')).toContain('target2:0:0');
  });
});

describe('a scan', () => {
  test('returns when the disk is there with its identity', async () => {
    const rig = newRig();
    await rig.attachOnePath();

    expect(await rig.read(`${DEVICE}/wwid`)).toBe(`${WWID}\n`);
    expect(await rig.read(`${DEVICE}/state`)).toBe('running\n');
    expect(await rig.list(`${DEVICE}/block`)).toEqual(['sda']);
    expect(await rig.read('/sys/class/block/sda/size')).toBe(`${SIZE_BYTES / 512}\n`);
    expect(await rig.read('/sys/class/block/sda/dev')).toBe('8:0\n');
    expect(await rig.read('/sys/block/sda/device/wwid')).toBe(`${WWID}\n`);
    expect(await rig.host.files.realPath('/sys/class/block/sda')).toBe(
      '/sys/devices/platform/host2/session1/target2:0:0/2:0:0:4/block/sda',
    );
  });

  test('with wildcards finds everything', async () => {
    const rig = newRig();
    await rig.logIn();

    await rig.host.writer.writeAttribute('/sys/class/scsi_host/host2/scan', '- - -');

    expect(await hctls(rig)).toEqual(['2:0:0:4', '2:0:0:5']);
  });

  test.each([['0 0'], ['0 0 four'], ['']])('of %j is refused', async (value) => {
    const rig = newRig();
    await rig.logIn();

    const scan = rig.host.writer.writeAttribute('/sys/class/scsi_host/host2/scan', value);

    await expect(scan).rejects.toMatchObject({ code: 'EINVAL' });
  });

  test('for a LUN that is not mapped finds nothing and is no error', async () => {
    const rig = newRig();
    await rig.attachOnePath(PORTAL, 1, 9);

    expect(await hctls(rig)).toEqual([]);
  });

  test('of a SCSI host that is not there meets ENOENT', async () => {
    const scan = newRig().host.writer.writeAttribute('/sys/class/scsi_host/host2/scan', '0 0 4');

    await expect(scan).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('through a dead portal hangs until the session is given up', async () => {
    const rig = newRig();
    await rig.logIn(PORTAL, { 'node.session.timeo.replacement_timeout': '20' });
    await rig.control.addFault({ kind: 'portal', portal: PORTAL, condition: { kind: 'dropped' } });
    const start = await rig.control.now();

    await rig.scan(4);

    expect((await rig.control.now()) - start).toBeGreaterThanOrEqual(30_000);
    expect(await hctls(rig)).toEqual([]);
  });

  test('that meets a failure of the connection goes on when the session is back', async () => {
    const rig = newRig();
    await rig.logIn();
    const down = await rig.control.addFault({
      kind: 'portal',
      portal: PORTAL,
      condition: { kind: 'resetting' },
    });
    await eventually(async () => {
      expect((await rig.control.snapshot()).sessions).toMatchObject([{ state: 'FAILED' }]);
    });
    const scan = rig.scan(4);

    await rig.control.removeFault(down);

    await scan;
    expect(await hctls(rig)).toEqual(['2:0:0:4']);
  });

  test('that is under way when its session ends brings nothing in', async () => {
    const rig = newRig({ durations: { scan: 5_000 } });
    await rig.logIn();
    const scan = rig.scan(4);
    await rig.node(PORTAL, '--logout');

    await scan;
    expect(await hctls(rig)).toEqual([]);
  });
});

describe('names', () => {
  test('a disk takes the lowest name that is free', async () => {
    const rig = newRig();
    await rig.logIn();
    await rig.scan(4);
    await rig.scan(5);

    await rig.deletePath('2:0:0:4');
    await rig.scan(4);

    expect(await rig.list('/sys/class/block')).toEqual(['sda', 'sdb']);
    expect(await rig.list(`${DEVICE}/block`)).toEqual(['sda']);
  });

  test('the name of a removed disk that is held open is not given away', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    const open = await rig.control.holdOpen('/dev/sda');

    await rig.deletePath('2:0:0:4');
    await rig.scan(4);
    expect(await rig.list(`${DEVICE}/block`)).toEqual(['sdb']);

    await rig.control.close(open);
    await rig.scan(5);
    expect(await rig.list('/sys/class/block')).toEqual(['sda', 'sdb']);
  });
});

describe('the kernel does not notice', () => {
  test('a LUN re-used by another volume keeps the old identity, and answers as the new one', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    const { array } = rig.control;

    await array.mapLun({ iqn: IQN, lun: 4, volume: 'v2' });
    await rig.scan(4);
    expect(await rig.read(`${DEVICE}/wwid`)).toBe(`${WWID}\n`);

    await rig.control.writeThrough('/dev/sda', 0, new Uint8Array([7]));
    await rig.run('sync', '/dev/sda');
    expect(await array.readVolume({ volume: 'v2', offset: 0, length: 1 })).toEqual(
      new Uint8Array([7]),
    );
  });

  test('a re-used LUN shows its new identity and size after a rescan of the device', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.control.array.mapLun({ iqn: IQN, lun: 4, volume: 'v2' });

    await rig.host.writer.writeAttribute(`${DEVICE}/rescan`, '1');

    expect(await rig.read(`${DEVICE}/wwid`)).toBe(`${OTHER_WWID}\n`);
    expect(await rig.read('/sys/class/block/sda/size')).toBe(`${(2 * SIZE_BYTES) / 512}\n`);
  });

  test('an unmapped LUN stays as a device that fails', async () => {
    const rig = newRig();
    await rig.attachOnePath();

    await rig.control.array.unmapLun({ iqn: IQN, lun: 4 });

    expect(await hctls(rig)).toEqual(['2:0:0:4']);
    await expect(rig.control.readThrough('/dev/sda', 0, 1)).rejects.toMatchObject({ code: 'EIO' });
  });
});

describe('scripted LUN faults', () => {
  test('an absent LUN is not found', async () => {
    const rig = newRig();
    await rig.control.addFault({ kind: 'lun-absent', iqn: IQN, lun: 4 });
    await rig.attachOnePath();

    expect(await hctls(rig)).toEqual([]);
  });

  test('a late LUN is found by a scan after its time, not before', async () => {
    const rig = newRig();
    await rig.control.addFault({ kind: 'lun-late', iqn: IQN, lun: 4, afterMs: 3_000 });
    await rig.attachOnePath();
    expect(await hctls(rig)).toEqual([]);

    await eventually(async () => {
      await rig.scan(4);
      expect(await hctls(rig)).toEqual(['2:0:0:4']);
    });
  });

  test('a LUN may be mapped at one portal and not at another', async () => {
    const array = arrayWithTwoVolumes();
    array.mapLun({ iqn: IQN, lun: 6, volume: 'v1', portals: ['10.0.0.2:3260'] });
    const rig = newRig({ array });

    await rig.attachOnePath('10.0.0.1:3260', 1, 6);
    expect(await hctls(rig)).toEqual([]);
    await rig.attachOnePath('10.0.0.2:3260', 2, 6);
    expect(await hctls(rig)).toEqual(['3:0:0:6']);
  });
});

test('a unit that states no identity is a disk without a WWID, which multipathd does not take', async () => {
  const array = arrayWithTwoVolumes();
  array.addVolume({ name: 'nameless', wwid: '', sizeBytes: SIZE_BYTES });
  array.mapLun({ iqn: IQN, lun: 6, volume: 'nameless' });
  const rig = newRig({ array });

  await rig.attachOnePath(PORTAL, 1, 6);

  const wwid = rig.read('/sys/class/scsi_device/2:0:0:6/device/wwid');
  await expect(wwid).rejects.toMatchObject({ code: 'ENXIO' });
  expect((await rig.run('multipathd', 'add', 'path', 'sda')).exitCode).toBe(1);
});

describe('delete', () => {
  test('a deleted device is gone when the write returns', async () => {
    const rig = newRig();
    await rig.attachOnePath();

    await rig.deletePath('2:0:0:4');

    expect(await hctls(rig)).toEqual([]);
    await expect(rig.read('/sys/class/block/sda/size')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('the second of two deletions at once meets ENODEV', async () => {
    const rig = newRig();
    await rig.attachOnePath();

    const [first, second] = await Promise.allSettled([
      rig.deletePath('2:0:0:4'),
      rig.deletePath('2:0:0:4'),
    ]);

    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'ENODEV' } });
  });

  test('a deletion on a dead path takes half a minute', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.control.addFault({ kind: 'portal', portal: PORTAL, condition: { kind: 'dropped' } });
    const start = await rig.control.now();

    await rig.deletePath('2:0:0:4');

    expect((await rig.control.now()) - start).toBeGreaterThanOrEqual(30_000);
  });

  test('a device that hangs is not gone before it stops hanging', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    const fault = await rig.control.addFault({ kind: 'device-hangs', wwid: WWID });
    const deletion = rig.deletePath('2:0:0:4');

    expect((await rig.run('sync', '/dev/nothing')).exitCode).toBe(1);
    expect(await rig.read(`${DEVICE}/state`)).toBe('cancel\n');

    await rig.control.removeFault(fault);
    await deletion;
    expect(await hctls(rig)).toEqual([]);
  });
});
