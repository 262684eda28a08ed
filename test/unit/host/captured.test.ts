import { describe, expect, test } from 'vitest';
import { parseSettings } from '../../../src/host/iscsiadm/node-record.js';
import { parsePathLines } from '../../../src/host/multipath/topology.js';
import { wwidsFileHolds } from '../../../src/host/multipath/wwids-file.js';
import { leadsTo, mapLink } from '../../../src/host/stable-path.js';
import { findMap } from '../../../src/host/sysfs/dm-map.js';
import { findSessions, readSessions } from '../../../src/host/sysfs/iscsi-session.js';
import {
  devicesOfLun,
  devicesOfSession,
  devicesWithWwid,
} from '../../../src/host/sysfs/scsi-device.js';
import { captured, capturedOutput, capturedTree } from '../../support/captured-tree.js';

const IQN = 'iqn.2026-11.io.mooring:t1';
const WWID = '36001405a100000000000000000000000';

describe('the sysfs of a real kernel', () => {
  test('with four sessions to one LUN shows them, their devices and the map over them', async () => {
    const tree = capturedTree('linux-6.1/sysfs.four-paths.txt');

    const sessions = await readSessions(tree);
    expect(sessions.map(({ portal, state }) => `${portal} ${state}`).sort()).toEqual(
      [1, 2, 3, 4].map((last) => `127.0.1.${last}:3260 LOGGED_IN`),
    );
    const [session] = await findSessions(tree, { portal: '127.0.1.3:3260', iqn: IQN });
    expect(session).toMatchObject({ targetIqn: IQN, iface: 'default' });
    if (session === undefined) return;
    const [device] = await devicesOfSession(tree, session);
    expect(device).toMatchObject({ lun: 1, wwid: WWID, state: 'running' });
    expect(await devicesOfLun(tree, session, 1)).toEqual([device]);
    expect(await devicesWithWwid(tree, WWID)).toHaveLength(4);

    const map = await findMap(tree, WWID);
    expect(map?.slaves).toEqual(['sda', 'sdb', 'sdc', 'sdd']);
    expect(await leadsTo(tree, mapLink(WWID), map?.block ?? '')).toBe(true);
  });

  test('after a login without a scan shows a session and no device', async () => {
    const tree = capturedTree('linux-6.1/sysfs.logged-in.txt');

    const [session] = await readSessions(tree);
    expect(session).toMatchObject({ targetIqn: IQN, state: 'LOGGED_IN' });
    if (session === undefined) return;
    expect(await devicesOfSession(tree, session)).toEqual([]);
    expect(await devicesOfLun(tree, session, 1)).toEqual([]);
  });

  test('with two LUNs on one session tells them apart', async () => {
    const tree = capturedTree('linux-6.1/sysfs.two-luns.txt');

    const [session] = await readSessions(tree);
    const devices = session === undefined ? [] : await devicesOfSession(tree, session);
    expect(devices.map(({ lun }) => lun)).toEqual([1, 2]);
    expect(new Set(devices.map(({ wwid }) => wwid)).size).toBe(2);
  });

  test('of a clean host shows nothing', async () => {
    const tree = capturedTree('linux-6.1/sysfs.clean.txt');

    expect(await readSessions(tree)).toEqual([]);
    expect(await devicesWithWwid(tree, WWID)).toEqual([]);
    expect(await findMap(tree, WWID)).toBeUndefined();
  });
});

describe('the output of the real tools', () => {
  test('a fresh node record has the settings of Debian', () => {
    const settings = parseSettings(captured('open-iscsi-2.1.8/node-record.new.txt'));

    expect(settings.get('node.startup')).toBe('manual');
    expect(settings.get('node.session.scan')).toBe('auto');
  });

  test("multipathd's paths are read with their WWIDs", () => {
    // Captured with more columns than mooring asks for.
    const captive = capturedOutput('multipath-tools-0.9.4/show-paths-map.json');
    const paths = parsePathLines(captive.replaceAll(/^(\S+ \S+).*$/gm, '$1'));

    expect(paths?.map(({ block }) => block).sort()).toEqual(['sda', 'sdb', 'sdc', 'sdd']);
    expect(new Set(paths?.map(({ wwid }) => wwid))).toEqual(new Set([WWID]));
  });

  test("multipathd's ok is the answer of one that monitors nothing", () => {
    expect(
      parsePathLines(capturedOutput('multipath-tools-0.9.4/show-paths-just-deleted.json')),
    ).toEqual([]);
  });

  test('a daemon that does not answer is unknown, not without paths', () => {
    expect(
      parsePathLines(capturedOutput('multipath-tools-0.9.4/stopped-show-paths.json')),
    ).toBeUndefined();
  });

  test('the wwids file is searched for whole WWIDs', () => {
    const text = captured('multipath-tools-0.9.4/wwids.one.txt');

    expect(wwidsFileHolds(text, WWID)).toBe(true);
    expect(wwidsFileHolds(text, WWID.slice(0, -1))).toBe(false);
  });
});
