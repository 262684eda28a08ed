import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { bytes, newRig, PORTAL, textOf, UDEV_WWID } from './rig.js';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const CLAIM = '/run/mooring/claims/session/x';

describe('a reboot', () => {
  test('voids sessions, devices, maps and /run, and keeps records and the wwids file', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.addMap();
    await rig.host.writer.replaceFile(CLAIM, 'claimed', 0o600);
    const before = await rig.control.snapshot();
    expect(before.runTree).toMatchObject([{ path: CLAIM }]);

    await rig.control.reboot();

    const after = await rig.control.snapshot();
    expect(after).toEqual({
      ...before,
      sessions: [],
      scsiDevices: [],
      maps: [],
      links: [],
      multipathdPaths: [],
      runTree: [],
    });
    expect(after.nodeRecords).toHaveLength(1);
    expect(after.wwids).toEqual([`/${UDEV_WWID}/`]);
  });

  test('changes the boot id and keeps the machine id', async () => {
    const rig = newRig();
    const [bootId, machineId] = [await rig.read(BOOT_ID), await rig.read('/etc/machine-id')];

    await rig.control.reboot();

    expect(await rig.read(BOOT_ID)).not.toBe(bootId);
    expect(await rig.read('/etc/machine-id')).toBe(machineId);
    expect(machineId).toMatch(/^[0-9a-f]{32}\n$/);
  });

  test('brings sessions of automatic records back, with their LUNs as the scan mode says', async () => {
    const rig = newRig();
    const automatic = { 'node.startup': 'automatic' };
    await rig.makeRecord('10.0.0.1:3260', { ...automatic, 'node.session.scan': 'auto' });
    await rig.makeRecord('10.0.0.2:3260', automatic);
    await rig.makeRecord('10.0.0.3:3260');

    await rig.control.reboot();

    await eventually(async () => {
      const { sessions, scsiDevices } = await rig.control.snapshot();
      expect(sessions.map(({ portal }) => portal).sort()).toEqual([
        '10.0.0.1:3260',
        '10.0.0.2:3260',
      ]);
      expect(scsiDevices.map(({ hctl }) => hctl)).toHaveLength(2);
    });
  });

  test('makes the map again when such a LUN has a remembered WWID', async () => {
    const rig = newRig();
    await rig.makeRecord(PORTAL, { 'node.startup': 'automatic', 'node.session.scan': 'auto' });
    await rig.run('multipath', '-a', UDEV_WWID);

    await rig.control.reboot();

    await eventually(async () => {
      expect((await rig.control.snapshot()).maps).toMatchObject([{ uuid: `mpath-${UDEV_WWID}` }]);
    });
  });

  test('rejects what was under way, and nothing of it reaches the next boot', async () => {
    const rig = newRig();
    await rig.makeRecord();
    const login = rig.node(PORTAL, '--login');
    login.catch(() => undefined);

    await rig.control.reboot();

    await expect(login).rejects.toMatchObject({ name: 'HostDown', code: 'ESHUTDOWN' });
    // A login of the new boot takes as long as the rest of the old one would have.
    await rig.logIn('10.0.0.2:3260');
    const { sessions } = await rig.control.snapshot();
    expect(sessions.map(({ portal }) => portal)).toEqual(['10.0.0.2:3260']);
  });

  test('loses what was not flushed and keeps what was', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    await rig.control.writeThrough('/dev/sda', 0, bytes('kept'));
    await rig.run('sync', '/dev/sda');
    await rig.control.writeThrough('/dev/sda', 0, bytes('lost'));

    await rig.control.reboot();

    const content = await rig.control.array.readVolume({ volume: 'v1', offset: 0, length: 4 });
    expect(textOf(content)).toBe('kept');
  });
});

test('a host that is down answers nobody until it is up', async () => {
  const rig = newRig();

  await rig.control.powerOff();
  await expect(rig.read(BOOT_ID)).rejects.toMatchObject({ code: 'ESHUTDOWN' });
  await expect(rig.node(PORTAL, '-o', 'new')).rejects.toMatchObject({ code: 'ESHUTDOWN' });

  await rig.control.powerOn();
  expect(await rig.read(BOOT_ID)).toMatch(/^[0-9a-f-]{36}\n$/);
});

test('a multipathd of an old boot does not act in the new one', async () => {
  const rig = newRig();
  const fault = await rig.control.addFault({ kind: 'multipathd-stopped' });
  await rig.control.reboot();
  await rig.run('multipath', '-a', UDEV_WWID);
  await rig.attachOnePath();

  await rig.control.removeFault(fault);

  await eventually(async () => expect((await rig.control.snapshot()).maps).toHaveLength(1));
});
