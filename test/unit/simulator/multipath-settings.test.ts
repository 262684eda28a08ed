import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { newRig, PORTAL, UDEV_WWID, type Rig } from './rig.js';

const CONFIG = '/etc/multipath.conf';

async function configured(defaults: string): Promise<Rig> {
  const rig = newRig();
  await rig.host.writer.replaceFile(CONFIG, `defaults {\n  ${defaults}\n}\n`, 0o644);
  expect(await rig.run('multipathd', 'reconfigure')).toMatchObject({ exitCode: 0, stdout: 'ok\n' });
  return rig;
}

async function mapsOf(rig: Rig): Promise<number> {
  await rig.offerPaths();
  return (await rig.control.snapshot()).maps.length;
}

describe('find_multipaths', () => {
  test.each(['no', 'greedy'])('%s makes a map of one path, unasked', async (setting) => {
    const rig = await configured(`find_multipaths ${setting}`);
    await rig.attachOnePath();

    expect(await mapsOf(rig)).toBe(1);
  });

  test.each(['yes', 'smart'])('%s makes it at the second path', async (setting) => {
    const rig = await configured(`find_multipaths ${setting}`);
    await rig.attachOnePath();
    expect(await mapsOf(rig)).toBe(0);

    await rig.attachOnePath('10.0.0.2:3260', 2);

    expect(await mapsOf(rig)).toBe(1);
  });

  test('strict makes it of remembered units only, and the file is read at reconfigure', async () => {
    const rig = newRig();
    await rig.attachOnePath(PORTAL);
    await rig.attachOnePath('10.0.0.2:3260', 2);
    expect(await mapsOf(rig)).toBe(0);
    await rig.host.writer.replaceFile(CONFIG, 'defaults {\n find_multipaths "yes"\n}\n', 0o644);
    expect(await mapsOf(rig)).toBe(0);

    await rig.run('multipathd', 'reconfigure');

    expect((await rig.control.snapshot()).maps).toHaveLength(1);
  });
});

test('friendly names name the map, the bindings keep them, and tools take both names', async () => {
  const rig = await configured('user_friendly_names yes');
  await rig.attachOnePath();
  await rig.addMap();

  const { maps, links } = await rig.control.snapshot();
  expect(maps).toMatchObject([{ label: 'mpatha', uuid: `mpath-${UDEV_WWID}` }]);
  await eventually(async () => {
    expect(await rig.list('/dev/mapper')).toEqual(['control', 'mpatha']);
  });
  expect(links.map(({ name }) => name)).not.toContain(`dm-name-${UDEV_WWID}`);
  expect(await rig.read('/etc/multipath/bindings')).toBe(`mpatha ${UDEV_WWID}\n`);
  await eventually(async () => {
    expect(await rig.run('multipath', '-f', UDEV_WWID)).toMatchObject({ exitCode: 0 });
  });
});
