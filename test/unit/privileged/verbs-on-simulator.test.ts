import { expect, test } from 'vitest';
import { findDeviceUsers } from '../../../src/host/device-users.js';
import { readHostIdentity } from '../../../src/host/host-identity.js';
import { findMap } from '../../../src/host/sysfs/dm-map.js';
import { findSessions } from '../../../src/host/sysfs/iscsi-session.js';
import { devicesOfSession, devicesWithWwid } from '../../../src/host/sysfs/scsi-device.js';
import { createVerbs } from '../../../src/privileged/create-verbs.js';
import type { LoginOutcome, PrivilegedVerbs } from '../../../src/privileged/verbs.js';
import { createSimulatedHost, type SimulatedHost } from '../../../src/simulator/simulated-host.js';
import { StorageArray } from '../../../src/simulator/storage-array.js';
import { IQN, WWID } from '../../support/sysfs-builder.js';

const PORTALS = ['10.0.0.1:3260', '[fd00::7]:3260'];
const LUN = 4;

function machine(): { host: SimulatedHost; verbs: PrivilegedVerbs } {
  const array = new StorageArray();
  array.addVolume({ name: 'v1', wwid: `naa.${WWID.slice(1)}`, sizeBytes: 67_108_864 });
  array.addTarget({ iqn: IQN, portals: PORTALS });
  array.mapLun({ iqn: IQN, lun: LUN, volume: 'v1' });
  const host = createSimulatedHost({ hostId: 'db-17', array, timeScale: 0.05 });
  const { runner, files, writer } = host;
  const secrets = { resolve: async () => Promise.reject(new Error('no secret is needed')) };
  return { host, verbs: createVerbs({ runner, files, writer, secrets }) };
}

function end(portal: string): { iqn: string; portal: string; iface: string } {
  return { iqn: IQN, portal, iface: 'default' };
}

async function logInEverywhere(verbs: PrivilegedVerbs): Promise<LoginOutcome[]> {
  return Promise.all(
    PORTALS.map(async (portal) => {
      await verbs.ensureNodeRecord({ ...end(portal), loginTimeoutSeconds: 10 });
      return verbs.logIn({ ...end(portal), timeoutMs: 60_000 });
    }),
  );
}

test('a volume comes up over all portals and leaves nothing behind', async () => {
  const { host, verbs } = machine();
  const { files } = host;
  const readDatabase = async (): Promise<string[]> =>
    files.list('/etc/iscsi/nodes').catch(() => []);
  expect((await readHostIdentity(files)).bootId).not.toBe('');

  const sessions = await logInEverywhere(verbs);
  expect(sessions.map(({ kind }) => kind)).toEqual(['session', 'session']);
  for (const portal of PORTALS) {
    const [session] = await findSessions(files, end(portal));
    if (session === undefined) throw new Error(`no session to ${portal}`);
    const scan = { ...end(portal), sid: session.sid, lun: LUN };
    expect(await verbs.scanLun(scan)).toEqual({ kind: 'done' });
    await expect.poll(async () => devicesOfSession(files, session)).toHaveLength(1);
  }
  const devices = await devicesWithWwid(files, WWID);
  expect(devices.map(({ lun, sizeBytes }) => [lun, sizeBytes])).toEqual([
    [LUN, 67_108_864],
    [LUN, 67_108_864],
  ]);

  const paths = devices.map(({ hctl }) => ({ hctl, wwid: WWID }));
  expect(await verbs.ensureMap({ wwid: WWID, paths })).toMatchObject({ kind: 'done' });
  await expect.poll(async () => (await findMap(files, WWID))?.slaves.length).toBe(2);
  expect(await verbs.ensureMap({ wwid: WWID, paths })).toEqual({ kind: 'already-so' });
  expect(await verbs.isWwidRemembered({ wwid: WWID })).toBe(true);

  const map = await findMap(files, WWID);
  const blocks = [map?.block ?? '', ...devices.map(({ block }) => block ?? '')];
  expect(await findDeviceUsers(files, blocks, [map?.block ?? ''])).toEqual([]);

  expect(await verbs.flushMap({ wwid: WWID, timeoutMs: 30_000 })).toEqual({ kind: 'done' });
  expect(await verbs.removeMap({ wwid: WWID, timeoutMs: 30_000 })).toEqual({ kind: 'done' });
  for (const path of paths) expect(await verbs.deleteDevice(path)).toEqual({ kind: 'done' });
  await expect.poll(async () => devicesWithWwid(files, WWID)).toEqual([]);
  expect(await verbs.forgetWwid({ wwid: WWID })).toEqual({ kind: 'done' });
  expect(['done', 'already-gone']).toContain((await verbs.forgetPaths({ wwid: WWID })).kind);
  for (const portal of PORTALS) {
    const [session] = await findSessions(files, end(portal));
    expect(await verbs.putBackNodeRecord(end(portal))).toMatchObject({ kind: 'busy' });
    const sid = session?.sid ?? -1;
    expect(await verbs.logOut({ ...end(portal), sid, timeoutMs: 30_000 })).toEqual({
      kind: 'done',
    });
    expect(await verbs.putBackNodeRecord(end(portal))).toEqual({ kind: 'deleted' });
  }
  expect(await verbs.listMonitoredPaths()).toEqual([]);
  expect(await readDatabase()).toEqual([]);
});

test('a dead portal costs its own login and no other', async () => {
  const { host, verbs } = machine();
  await host.control.addFault({
    kind: 'portal',
    portal: '10.0.0.1:3260',
    condition: { kind: 'dropped' },
  });
  const sessions = await logInEverywhere(verbs);
  expect(sessions.map(({ kind }) => kind)).toEqual(['unreachable', 'session']);
});

test('a map that somebody holds open is busy, and stays', async () => {
  const { host, verbs } = machine();
  await logInEverywhere(verbs);
  const [session] = await findSessions(host.files, { iqn: IQN, portal: PORTALS[0] ?? '' });
  await verbs.scanLun({ ...end(PORTALS[0] ?? ''), sid: session?.sid ?? -1, lun: LUN });
  await expect.poll(async () => devicesWithWwid(host.files, WWID)).toHaveLength(1);
  const [device] = await devicesWithWwid(host.files, WWID);
  const paths = [{ hctl: device?.hctl ?? '', wwid: WWID }];
  await verbs.ensureMap({ wwid: WWID, paths });
  await expect.poll(async () => findMap(host.files, WWID)).toBeDefined();
  await host.control.addFault({ kind: 'map-held-open', wwid: `naa.${WWID.slice(1)}` });
  expect(await verbs.removeMap({ wwid: WWID, timeoutMs: 1_500 })).toMatchObject({ kind: 'busy' });
  expect(await findMap(host.files, WWID)).toBeDefined();
});

test('a scan that hangs is known to be under way until it ends', async () => {
  const { host, verbs } = machine();
  const [portal] = PORTALS as [string];
  await verbs.ensureNodeRecord({ ...end(portal), loginTimeoutSeconds: 10 });
  await verbs.logIn({ ...end(portal), timeoutMs: 60_000 });
  const [session] = await findSessions(host.files, end(portal));
  if (session === undefined) throw new Error(`no session to ${portal}`);
  const asked = { sid: session.sid, lun: LUN };
  const fault = { kind: 'portal', portal, condition: { kind: 'dropped' } } as const;
  const dropped = await host.control.addFault(fault);

  const scan = verbs.scanLun({ ...end(portal), ...asked });

  await expect.poll(async () => verbs.isScanUnderWay(asked)).toBe(true);
  expect(await verbs.isScanUnderWay({ ...asked, lun: LUN + 10 })).toBe(false);
  await host.control.removeFault(dropped);
  expect(await scan).toEqual({ kind: 'done' });
  expect(await verbs.isScanUnderWay(asked)).toBe(false);
});
