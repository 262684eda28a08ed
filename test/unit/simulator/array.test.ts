import { describe, expect, test } from 'vitest';
import { StorageArray } from '../../../src/simulator/storage-array.js';
import { arrayWithTwoVolumes, IQN, newRig, PORTAL, PORTALS, UDEV_WWID } from './rig.js';

const [, OTHER_PORTAL = ''] = PORTALS;

describe('the array', () => {
  test('shows a LUN at some portals only, and another unit under its number at others', () => {
    const array = arrayWithTwoVolumes();
    const at = (portal: string, lun: number): string | undefined =>
      array.unitAt({ iqn: IQN, portal, lun })?.name;

    array.mapLun({ iqn: IQN, lun: 9, volume: 'v1', portals: [PORTAL] });
    array.mapLun({ iqn: IQN, lun: 9, volume: 'v2', portals: [OTHER_PORTAL] });
    expect([at(PORTAL, 9), at(OTHER_PORTAL, 9)]).toEqual(['v1', 'v2']);

    array.mapLun({ iqn: IQN, lun: 9, volume: 'v1', portals: [OTHER_PORTAL] });
    expect([at(PORTAL, 9), at(OTHER_PORTAL, 9)]).toEqual(['v1', 'v1']);
    expect(array.lunsAt({ iqn: IQN, portal: PORTALS[2] ?? '' })).toEqual([4, 5]);
  });

  test('decodes flat space addressing where it is told to, and only there', () => {
    const array = new StorageArray();
    array.addVolume({ name: 'v1', wwid: 'naa.1', sizeBytes: 1 });
    array.addTarget({ iqn: IQN, portals: PORTALS, addressing: 'flat' });
    array.mapLun({ iqn: IQN, lun: 256, volume: 'v1' });
    array.mapLun({ iqn: IQN, lun: 1, volume: 'v1' });
    const answers = (lun: number): boolean =>
      array.unitAt({ iqn: IQN, portal: PORTAL, lun }) !== undefined;

    expect([1, 16_385, 16_640, 256].map(answers)).toEqual([true, true, true, false]);
    expect(array.lunsAt({ iqn: IQN, portal: PORTAL })).toEqual([1, 16_640]);
  });

  test('forgets a target that is taken away, and keeps its volumes', () => {
    const array = arrayWithTwoVolumes();

    array.removeTarget(IQN);

    expect(array.answerLogin({ iqn: IQN, portal: PORTAL })).toBe('no-target');
    expect(array.answerDiscovery(PORTAL)).toEqual([]);
    expect(array.volume('v1').name).toBe('v1');
  });
});

test('lost packets make logins slower, and they succeed', async () => {
  const rig = newRig({ timeScale: 0 });
  const tenLogins = async (): Promise<number> => {
    const start = await rig.control.now();
    for (let round = 0; round < 10; round += 1) {
      expect(await rig.logIn()).toMatchObject({ exitCode: 0 });
      await rig.node(PORTAL, '--logout');
    }
    return (await rig.control.now()) - start;
  };
  const healthyMs = await tenLogins();

  await rig.control.addFault({ kind: 'packet-loss', percent: 30 });

  expect(await tenLogins()).toBeGreaterThan(healthyMs + 10 * 200);
});

test('a held udev makes no link and tells multipathd of no path, until it goes on', async () => {
  const rig = newRig();
  const held = await rig.control.addFault({ kind: 'udev-held' });
  await rig.attachOnePath();
  expect(await rig.run('multipathd', 'add', 'path', 'sda')).toMatchObject({ exitCode: 1 });
  expect((await rig.control.snapshot()).links).toEqual([]);

  await rig.control.removeFault(held);
  await rig.offerPaths();

  const { multipathdPaths, links } = await rig.control.snapshot();
  expect(multipathdPaths).toEqual([`sda ${UDEV_WWID}`]);
  expect(links).not.toEqual([]);
});

test('an administrator lists sessions and records, changes a record and scans', async () => {
  const rig = newRig();
  expect(await rig.run('iscsiadm', '-m', 'session')).toMatchObject({ exitCode: 21 });
  await rig.logIn();
  await rig.node(PORTAL, '-o', 'update', '-n', 'node.startup', '-v', 'automatic');

  expect(await rig.run('iscsiadm', '-m', 'session')).toMatchObject({
    exitCode: 0,
    stdout: `tcp: [1] ${PORTAL},1 ${IQN} (non-flash)\n`,
  });
  expect(await rig.run('iscsiadm', '-m', 'node')).toMatchObject({
    stdout: `${PORTAL},-1 ${IQN}\n`,
  });
  expect((await rig.node(PORTAL)).stdout).toContain('node.startup = automatic');
  await rig.run('iscsiadm', '-m', 'session', '--rescan');
  expect(await rig.list('/sys/class/block')).toEqual(['sda', 'sdb']);
});
