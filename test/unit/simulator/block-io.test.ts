import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import {
  arrayWithTwoVolumes,
  bytes,
  IQN,
  newRig,
  OTHER_WWID,
  PORTAL,
  PORTALS,
  SIZE_BYTES,
  textOf,
  UDEV_WWID,
  WWID,
  type Rig,
} from './rig.js';

async function onVolume(rig: Rig, length = 7): Promise<string> {
  return textOf(await rig.control.array.readVolume({ volume: 'v1', offset: 0, length }));
}

const DROPPED = { kind: 'portal', portal: PORTAL, condition: { kind: 'dropped' } } as const;
const NOTHING = '\0'.repeat(7);

async function attachMap(rig: Rig): Promise<void> {
  await rig.attachOnePath();
  await rig.addMap();
  await eventually(async () => {
    expect(await rig.host.files.realPath(`/dev/mapper/${UDEV_WWID}`)).toBe('/dev/dm-0');
  });
}

describe('a single device', () => {
  test('what is written is read back, and on the volume only after a flush', async () => {
    const rig = newRig();
    await rig.attachOnePath();

    await rig.control.writeThrough('/dev/sda', 0, bytes('pattern'));
    expect(textOf(await rig.control.readThrough('/dev/sda', 0, 7))).toBe('pattern');
    expect(await onVolume(rig)).toBe(NOTHING);

    expect((await rig.run('sync', '/dev/sda')).exitCode).toBe(0);
    expect(await onVolume(rig)).toBe('pattern');
    expect(await rig.control.isDirty('/dev/sda')).toBe(false);
  });

  test('a deleted dirty device loses its data', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.control.writeThrough('/dev/sda', 0, bytes('pattern'));

    await rig.deletePath('2:0:0:4');
    await rig.scan(4);

    expect(await onVolume(rig)).toBe(NOTHING);
    expect(textOf(await rig.control.readThrough('/dev/sda', 0, 7))).toBe(NOTHING);
  });

  test('the last close writes back', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    const open = await rig.control.holdOpen('/dev/sda');
    await rig.control.writeThrough('/dev/sda', 0, bytes('pattern'));

    await rig.control.close(open);

    expect(await onVolume(rig)).toBe('pattern');
  });

  test('a write beyond the end is refused', async () => {
    const rig = newRig();
    await rig.attachOnePath();

    const write = rig.control.writeThrough('/dev/sda', 67_108_863, bytes('ab'));

    await expect(write).rejects.toMatchObject({ code: 'ENOSPC' });
  });

  test('a flush that fails says so and keeps the data dirty', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.control.addFault({ kind: 'flush-fails', wwid: WWID });
    await rig.control.writeThrough('/dev/sda', 0, bytes('pattern'));

    const end = await rig.run('sync', '/dev/sda');

    expect(end).toMatchObject({
      exitCode: 1,
      stderr: "sync: error syncing '/dev/sda': Input/output error\n",
    });
    expect(await rig.control.isDirty('/dev/sda')).toBe(true);
  });

  test('a flush of a device that is not there says so', async () => {
    expect(await newRig().run('sync', '/dev/sdz')).toMatchObject({
      exitCode: 1,
      stderr: "sync: error opening '/dev/sdz': No such file or directory\n",
    });
  });

  test('a flush of a device that hangs overruns its deadline', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.control.addFault({ kind: 'device-hangs', wwid: WWID });

    const end = await rig.host.runner.run({
      program: 'sync',
      args: ['/dev/sda'],
      timeoutMs: 5_000,
    });

    expect(end.timedOut).toBe(true);
    expect(end.exitCode).toBeUndefined();
    expect(end.durationMs).toBeGreaterThanOrEqual(5_000);
  });

  test('a flush waits for the session, and fails when it is given up', async () => {
    const rig = newRig();
    await rig.logIn(PORTAL, { 'node.session.timeo.replacement_timeout': '5' });
    await rig.scan(4);
    await rig.control.writeThrough('/dev/sda', 0, bytes('pattern'));
    await rig.control.addFault(DROPPED);

    const end = await rig.run('sync', '/dev/sda');

    expect(end.exitCode).toBe(1);
    expect(end.durationMs).toBeGreaterThanOrEqual(15_000);
  });

  test('a flush of a clean device asks nobody, unless the unit has a cache', async () => {
    const array = arrayWithTwoVolumes();
    array.addVolume({ name: 'cached', wwid: OTHER_WWID, sizeBytes: SIZE_BYTES, writeCache: true });
    array.mapLun({ iqn: IQN, lun: 6, volume: 'cached' });
    const rig = newRig({ array });
    await rig.attachOnePath();
    await rig.scan(6);
    await rig.control.addFault(DROPPED);

    const flush = async (block: string): Promise<boolean> => {
      const args = [`/dev/${block}`];
      return (await rig.host.runner.run({ program: 'sync', args, timeoutMs: 5_000 })).timedOut;
    };
    expect(await flush('sda')).toBe(false);
    expect(await flush('sdb')).toBe(true);
  });
});

describe('a map', () => {
  test('removing a dirty map writes its data', async () => {
    const rig = newRig();
    await attachMap(rig);
    await rig.control.writeThrough('/dev/dm-0', 0, bytes('pattern'));

    await eventually(async () => {
      expect((await rig.run('multipath', '-f', UDEV_WWID)).exitCode).toBe(0);
    });

    expect(await onVolume(rig)).toBe('pattern');
  });

  test('goes on with another path when one dies', async () => {
    const rig = newRig();
    await attachMap(rig);
    await rig.attachOnePath(PORTALS[1], 2);
    await eventually(async () => {
      expect(await rig.list('/sys/class/block/dm-0/slaves')).toEqual(['sda', 'sdb']);
    });
    await rig.control.addFault(DROPPED);

    await rig.control.writeThrough('/dev/dm-0', 0, bytes('pattern'));
    await rig.run('sync', '/dev/dm-0');

    expect(await onVolume(rig)).toBe('pattern');
  });

  test('without a usable path queues until one is back', async () => {
    const rig = newRig();
    await attachMap(rig);
    const fault = await rig.control.addFault(DROPPED);
    await rig.control.writeThrough('/dev/dm-0', 0, bytes('pattern'));
    const sync = { program: 'sync', args: ['/dev/dm-0'], timeoutMs: 50_000 } as const;

    expect((await rig.host.runner.run(sync)).timedOut).toBe(true);

    await rig.control.removeFault(fault);
    expect((await rig.host.runner.run(sync)).exitCode).toBe(0);
    expect(await onVolume(rig)).toBe('pattern');
  });

  test('without a usable path fails after a minute of queueing', async () => {
    const rig = newRig();
    await attachMap(rig);
    await rig.control.addFault(DROPPED);
    await rig.control.writeThrough('/dev/dm-0', 0, bytes('pattern'));

    const end = await rig.run('sync', '/dev/dm-0');

    expect(end.exitCode).toBe(1);
    // NOP-Outs, the recovery time that multipathd shortened, and the queueing.
    expect(end.durationMs).toBeGreaterThanOrEqual(74_000);
    expect(end.durationMs).toBeLessThan(90_000);
  });
});

test('a host reads what another one has flushed', async () => {
  const array = arrayWithTwoVolumes();
  const [writer, reader] = [newRig({ array }), newRig({ array })];
  await writer.attachOnePath();
  await reader.attachOnePath(PORTALS[1]);

  await writer.control.writeThrough('/dev/sda', 0, bytes('pattern'));
  expect(textOf(await reader.control.readThrough('/dev/sda', 0, 7))).toBe(NOTHING);
  await writer.run('sync', '/dev/sda');

  expect(textOf(await reader.control.readThrough('/dev/sda', 0, 7))).toBe('pattern');
});
