import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { CommandEnd } from '../../../src/privileged/command-runner.js';
import { eventually } from '../../support/eventually.js';
import { arrayWithTwoVolumes, IQN, newRig, PORTAL, PORTALS, type Rig } from './rig.js';

const OTHER_IQN = 'iqn.2026-11.io.example:array2';
const SOURCES = '/etc/iscsi/send_targets';
const RECORD = `${SOURCES}/10.0.0.1,3260/st_config`;
const CHAP = { username: 'db-17', secret: 'found' };

function discover(rig: Rig, ...args: string[]): Promise<CommandEnd> {
  return rig.run('iscsiadm', '-m', 'discovery', '-t', 'sendtargets', '-p', PORTAL, ...args);
}

function record(rig: Rig, ...args: string[]): Promise<CommandEnd> {
  return rig.run('iscsiadm', '-m', 'discoverydb', '-t', 'st', '-p', PORTAL, ...args);
}

async function recordedLayout(name: string): Promise<string[]> {
  const path = new URL(`../../fixtures/open-iscsi-2.1.8/${name}`, import.meta.url);
  const lines = (await readFile(path, 'utf8')).split('\n');
  return lines.flatMap((line) => {
    const [kind, , place = ''] = line.split(' ');
    if (kind !== 'f' && kind !== 'l') return [];
    // The guest's names; the portals are numbered alike.
    return [place.replaceAll('iqn.2026-11.io.mooring:t1', IQN).replaceAll('127.0.1.', '10.0.0.')];
  });
}

describe('sendtargets discovery', () => {
  test('lists every portal of every target the portal knows, with its group', async () => {
    const array = arrayWithTwoVolumes();
    array.addTarget({
      iqn: OTHER_IQN,
      portals: ['10.0.0.2:3260', '10.0.0.1:3260'],
      groups: 'per-portal',
    });
    array.addTarget({ iqn: `${OTHER_IQN}-elsewhere`, portals: ['10.0.9.9:3260'] });
    const rig = newRig({ array });

    const { exitCode, stdout } = await discover(rig, '-I', 'default', '-o', 'nonpersistent');

    expect(exitCode).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      ...PORTALS.map((portal) => `${portal},1 ${IQN}`),
      `10.0.0.2:3260,1 ${OTHER_IQN}`,
      `10.0.0.1:3260,2 ${OTHER_IQN}`,
    ]);
    expect(await rig.list(SOURCES)).toEqual([]);
    expect((await rig.control.snapshot()).nodeRecords).toEqual([]);
  });

  test('makes the records and links that were recorded', async () => {
    const array = arrayWithTwoVolumes();
    const portals = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map((it) => `${it}:3260`);
    array.addTarget({ iqn: IQN, portals });
    const rig = newRig({ array });

    await discover(rig);

    const expected = await recordedLayout('layout.discovered.txt');
    const sources = await rig.list(`${SOURCES}/10.0.0.1,3260`);
    const { nodeRecords } = await rig.control.snapshot();
    const seen = [
      ...nodeRecords.map(({ path }) => path),
      ...sources.map((name) => `${SOURCES}/10.0.0.1,3260/${name}`),
    ];
    expect(seen.sort()).toEqual(expected.sort());
  });

  test('a login with a record of a discovery and one of `-o new` ends with 15, and is there', async () => {
    const rig = newRig();
    await discover(rig);
    await rig.node(PORTAL, '-o', 'new');

    const { exitCode, stdout } = await rig.node(PORTAL, '--login');

    expect(exitCode).toBe(15);
    expect(stdout.match(/Logging in to/g)).toHaveLength(2);
    expect(stdout).toContain('successful');
    await eventually(async () => {
      expect((await rig.control.snapshot()).sessions).toHaveLength(1);
    });
    await rig.node(PORTAL, '--logout');
    expect(await rig.node(PORTAL, '-o', 'delete')).toMatchObject({ exitCode: 0 });
    const { nodeRecords } = await rig.control.snapshot();
    expect(nodeRecords.filter(({ path }) => path.includes('10.0.0.1'))).toEqual([]);
  });

  test('two ifaces have a record each, and a session each', async () => {
    const rig = newRig();
    await rig.run('iscsiadm', '-m', 'iface', '-I', 'lab0', '-o', 'new');
    await discover(rig, '-I', 'default', '-I', 'lab0');
    expect(await rig.list(`/etc/iscsi/nodes/${IQN}/10.0.0.1,3260,1`)).toEqual(['default', 'lab0']);

    await rig.run('iscsiadm', '-m', 'node', '-T', IQN, '-p', PORTAL, '--login');

    const { sessions } = await rig.control.snapshot();
    expect(sessions.map(({ portal }) => portal)).toEqual(['10.0.0.1:3260', '10.0.0.1:3260']);
  });

  test('a portal that refuses ends with 11 after its retries, a silent one after more', async () => {
    const rig = newRig();
    const start = await rig.control.now();
    await rig.control.array.setPortal({ portal: PORTAL, condition: { kind: 'resetting' } });
    expect(await discover(rig)).toMatchObject({ exitCode: 11 });
    const refused = await rig.control.now();

    await rig.control.array.setPortal({ portal: PORTAL, condition: { kind: 'dropped' } });
    expect(await discover(rig)).toMatchObject({ exitCode: 11 });

    expect(refused - start).toBeGreaterThan(5_000);
    expect((await rig.control.now()) - refused).toBeGreaterThan(refused - start);
  });

  test('an iface nobody made ends with 21 and asks nobody', async () => {
    const end = await discover(newRig(), '-I', 'lab7', '-o', 'nonpersistent');

    expect(end).toMatchObject({ exitCode: 21, stdout: '' });
    expect(end.stderr).toContain('Could not read iface info for lab7');
  });
});

describe('a discovery record', () => {
  test('holds the credentials a discovery goes by', async () => {
    const rig = newRig();
    await rig.control.array.setDiscoveryChap({ chap: CHAP });
    expect(await record(rig, '--discover', '-o', 'nonpersistent')).toMatchObject({ exitCode: 24 });

    await record(rig, '-o', 'new');
    for (const [name, value] of [
      ['authmethod', 'CHAP'],
      ['username', CHAP.username],
      ['password', CHAP.secret],
    ]) {
      const setting = `discovery.sendtargets.auth.${name}`;
      await record(rig, '-o', 'update', '-n', setting, '-v', value ?? '');
    }

    expect(await record(rig, '--discover', '-o', 'nonpersistent')).toMatchObject({ exitCode: 0 });
    expect(await rig.read(RECORD)).toContain('discovery.sendtargets.auth.username = db-17');
    // Legacy mode goes by iscsid.conf.
    expect(await discover(rig, '-o', 'nonpersistent')).toMatchObject({ exitCode: 24 });
  });

  test('that is missing ends an update with 6', async () => {
    const name = 'discovery.sendtargets.auth.authmethod';

    const end = await record(newRig(), '-o', 'update', '-n', name, '-v', 'CHAP');

    expect(end).toMatchObject({ exitCode: 6 });
  });

  test('takes the node records it has led to with it', async () => {
    const rig = newRig();
    await discover(rig);

    expect(await record(rig, '-o', 'delete')).toMatchObject({ exitCode: 0 });

    expect((await rig.control.snapshot()).nodeRecords).toEqual([]);
    expect(await rig.list(SOURCES)).toEqual([]);
  });
});
