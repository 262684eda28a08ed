import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { StorageArray } from '../../../src/simulator/storage-array.js';
import { eventually } from '../../support/eventually.js';
import { newRig, type Rig } from './rig.js';

const IQN = 'iqn.2026-11.io.mooring:t1';
const PORTALS = ['127.0.1.1:3260', '127.0.1.2:3260', '127.0.1.3:3260', '127.0.1.4:3260'];
const WWID = '36001405a100000000000000000000000';
/** What the recordings leave out, and what the simulated host has of its own. */
const UNCOMPARED = /\/(subsystem|driver|queue)$/;
/** Values that differ from boot to boot. */
const PASSING = /\/(creator|ipaddress)$/;

interface RecordedEntry {
  /** `d` directory, `l` link, `f` readable file, `w` write-only file. */
  readonly kind: string;
  /** Text of a file, target of a link. */
  readonly content: string;
}

/** Reads a recording, with its sessions renumbered from 1: they are counted since the boot. */
async function recordedTree(name: string): Promise<Map<string, RecordedEntry>> {
  const text = await readFile(
    new URL(`../../fixtures/linux-6.1/${name}.txt`, import.meta.url),
    'utf8',
  );
  const sids = [...text.matchAll(/iscsi_session\/session(\d+) ->/g)].map(([, sid]) => Number(sid));
  const first = Math.min(...sids);
  const renumbered = text.replaceAll(
    /(session|connection)(\d+)/g,
    (_, what: string, sid: string) => `${what}${Number(sid) - first + 1}`,
  );
  const entries = renumbered.split('\n').flatMap((line): [string, RecordedEntry][] => {
    const [, kind, path, link, value] = /^(\w) (\S+)(?: -> (\S+)| (.*))?$/.exec(line) ?? [];
    if (kind === undefined || path === undefined) return [];
    const content = kind === 'f' ? (JSON.parse(value ?? '""') as string) : (link ?? '');
    return [[path, { kind, content }]];
  });
  return new Map(entries);
}

/** Every path below, with its kind and content, as the file seam shows it. */
async function shownTree(rig: Rig, root: string): Promise<Map<string, RecordedEntry>> {
  const found = new Map<string, RecordedEntry>();
  const visit = async (path: string): Promise<void> => {
    if (UNCOMPARED.test(path)) return;
    const real = await rig.host.files.realPath(path);
    if (real !== path) return void found.set(path, { kind: 'l', content: real });
    const names = await rig.list(path).catch(() => undefined);
    if (names !== undefined) {
      found.set(path, { kind: 'd', content: '' });
      for (const name of names) await visit(`${path}/${name}`);
      return;
    }
    const content = await rig.read(path).catch(() => undefined);
    found.set(path, content === undefined ? { kind: 'w', content: '' } : { kind: 'f', content });
  };
  await visit(root);
  return found;
}

/** Where a recorded link leads, as an absolute path. */
function resolved(path: string, target: string): string {
  return new URL(target, `file://${path}`).pathname;
}

async function rigWithPaths(portals: readonly string[]): Promise<Rig> {
  const array = new StorageArray();
  array.addVolume({
    name: 'a1',
    wwid: `naa.${WWID.slice(1)}`,
    sizeBytes: 67_108_864,
    serial: 'a1',
  });
  array.addTarget({ iqn: IQN, portals });
  array.mapLun({ iqn: IQN, lun: 1, volume: 'a1' });
  const rig = newRig({ array });
  for (const [index, portal] of portals.entries()) {
    const node = ['-m', 'node', '-T', IQN, '-p', portal];
    await rig.run('iscsiadm', ...node, '-o', 'new');
    await rig.setRecord({ 'node.session.scan': 'manual' }, portal, IQN);
    await rig.run('iscsiadm', ...node, '--login');
    await rig.scan(1, index + 1);
  }
  return rig;
}

async function expectRecorded(rig: Rig, name: string, roots: readonly string[]): Promise<void> {
  const recorded = await recordedTree(name);
  for (const root of roots) {
    for (const [path, shown] of await shownTree(rig, root)) {
      const there = recorded.get(path);
      expect(there?.kind, path).toBe(shown.kind);
      if (there === undefined || PASSING.test(path)) continue;
      const content = shown.kind === 'l' ? resolved(path, there.content) : there.content;
      expect(shown.content, path).toBe(content);
    }
  }
}

test('one scanned session has the places, links and texts of the real kernel', async () => {
  const rig = await rigWithPaths(PORTALS.slice(0, 1));

  await expectRecorded(rig, 'sysfs.one-lun', [
    '/sys/devices/platform/host2',
    '/sys/class/iscsi_session',
    '/sys/class/iscsi_connection',
    '/sys/class/iscsi_host',
    '/sys/class/scsi_device',
    '/sys/block',
  ]);
});

test('four paths in a map have the places, links and texts of the real kernel', async () => {
  const rig = await rigWithPaths(PORTALS);
  await rig.addMap(WWID);
  await eventually(async () => {
    expect(await rig.host.files.realPath(`/dev/mapper/${WWID}`)).toBe('/dev/dm-0');
  });

  await expectRecorded(rig, 'sysfs.four-paths', [
    '/sys/devices/platform/host2',
    '/sys/devices/platform/host5',
    '/sys/devices/virtual/block/dm-0',
    '/sys/class/iscsi_session',
    '/sys/block',
  ]);
});

test('the links to paths and map are those that udev made', async () => {
  const rig = await rigWithPaths(PORTALS);
  const byId = async (): Promise<string[]> => rig.list('/dev/disk/by-id');
  const recordedNames = async (name: string): Promise<string[]> => {
    const url = new URL(`../../fixtures/multipath-tools-0.9.4/${name}.txt`, import.meta.url);
    const links = (await readFile(url, 'utf8')).matchAll(/ \/dev\/disk\/by-id\/(\S+) /g);
    return [...links].map(([, link = '']) => link).sort();
  };

  const [single, mapped] = [await recordedNames('by-id.paths'), await recordedNames('by-id.map')];
  await eventually(async () => expect(await byId()).toEqual(single));
  await rig.addMap(WWID);
  await eventually(async () => expect(await byId()).toEqual(mapped));
});
