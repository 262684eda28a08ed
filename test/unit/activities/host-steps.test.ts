import { beforeEach, describe, expect, test } from 'vitest';
import type { HostSteps } from '../../../src/model/steps.js';
import type { SecretStore } from '../../../src/privileged/secrets.js';
import { SecretMissing } from '../../../src/privileged/verbs.js';
import type { SimulatedHost } from '../../../src/simulator/simulated-host.js';
import { StorageArray } from '../../../src/simulator/storage-array.js';
import { eventually } from '../../support/eventually.js';
import { stepsUnderTest } from '../../support/steps-under-test.js';

const HOST_ID = 'db-17';
const IQN = 'iqn.2026-11.io.example:array1';
const PORTAL = '10.0.0.1:3260';
const DESIGNATOR = '6001405bea237473c2c4f98b14c7c293';
const WWID = `3${DESIGNATOR}`;
const SECRET = 'correct-horse-battery';

const secrets: SecretStore = {
  resolve: (secretRef) =>
    secretRef === 'file:array1'
      ? Promise.resolve(SECRET)
      : Promise.reject(new SecretMissing(secretRef, 'no such file')),
};

const path = { portal: PORTAL, iqn: IQN, lun: 4, iface: 'default' };
const base = { hostId: HOST_ID, owner: `vol-1@${HOST_ID}` };
const login = { ...base, path, loginTimeoutMs: 2_000 };
const find = { ...base, path, waitMs: 5_000 };
const devicesOf = (hctl: string) => ({
  ...base,
  wwid: WWID,
  devices: [{ hctl, wwid: WWID }],
  multipath: 'preferred' as const,
  waitMs: 5_000,
});

let array: StorageArray;
let simulated: SimulatedHost;
let steps: HostSteps;

beforeEach(() => {
  array = new StorageArray();
  array.addVolume({ name: 'v', wwid: `naa.${DESIGNATOR}`, sizeBytes: 1 << 26 });
  array.addTarget({ iqn: IQN, portals: [PORTAL] });
  array.mapLun({ iqn: IQN, lun: 4, volume: 'v' });
  ({ simulated, steps } = stepsUnderTest({ hostId: HOST_ID, array, secrets }));
});

async function bringUp(): Promise<string> {
  await steps.ensureSession(login);
  const { hctl } = await steps.findPathDevice(find);
  await steps.ensureMap(devicesOf(hctl));
  return hctl;
}

describe('a step that runs twice', () => {
  test('finds the session it made', async () => {
    const first = await steps.ensureSession(login);
    const second = await steps.ensureSession(login);

    expect(second).toEqual({ ...first, alreadyOpen: true });
    expect((await simulated.control.snapshot()).sessions).toHaveLength(1);
  });

  test('finds the device and the map it made', async () => {
    await steps.ensureSession(login);
    const found = await steps.findPathDevice(find);
    expect(await steps.findPathDevice(find)).toEqual(found);

    const formed = await steps.ensureMap(devicesOf(found.hctl));
    expect(await steps.ensureMap(devicesOf(found.hctl))).toEqual(formed);
    expect((await simulated.control.snapshot()).maps).toHaveLength(1);
  });

  test('does not build on a session whose logout is still under way', async () => {
    const first = await steps.ensureSession(login);
    array.setPortal({ portal: PORTAL, condition: { kind: 'dropped' } });
    const release = steps.releaseSession({ ...base, path, timeoutMs: 50 });
    await expect(release).rejects.toMatchObject({ type: 'CommandTimedOut' });
    expect((await simulated.control.snapshot()).sessions).toMatchObject([{ state: 'LOGGED_IN' }]);
    array.setPortal({ portal: PORTAL, condition: { kind: 'up' } });

    const second = await steps.ensureSession({ ...login, owner: `vol-2@${HOST_ID}` });

    expect(second).toMatchObject({ alreadyOpen: false });
    expect(second.sid).not.toBe(first.sid);
    expect((await simulated.control.snapshot()).sessions).toHaveLength(1);
  });

  test('has nothing left to remove', async () => {
    const before = await simulated.control.snapshot();
    await bringUp();
    const volume = { ...base, wwid: WWID, paths: [path] };
    const flush = { ...volume, timeoutMs: 5_000 };
    const removal = { ...volume, purpose: 'detach' as const, waitMs: 5_000 };
    const release = { ...base, path, timeoutMs: 5_000 };

    expect((await steps.flushDevice(flush)).removed).toHaveLength(1);
    expect((await steps.flushDevice(flush)).removed).toEqual([]);
    expect((await steps.removePathDevices(removal)).removed).toHaveLength(1);
    expect((await steps.removePathDevices(removal)).removed).toEqual([]);
    expect((await steps.releaseSession(release)).removed).toHaveLength(2);
    expect((await steps.releaseSession(release)).removed).toEqual([]);
    await steps.verifyAbsent(volume);
    expect(await simulated.control.snapshot()).toEqual(before);
  });
});

describe('a map whose only path is blocked', () => {
  const stateOf = async (hctl: string): Promise<string> =>
    simulated.files.readText(`/sys/class/scsi_device/${hctl}/device/state`);

  test('is waited for until the path takes I/O again', async () => {
    const hctl = await bringUp();
    array.setPortal({ portal: PORTAL, condition: { kind: 'dropped' } });
    await eventually(async () => expect(await stateOf(hctl)).toBe('blocked\n'));

    const formed = steps.ensureMap(devicesOf(hctl));
    array.setPortal({ portal: PORTAL, condition: { kind: 'up' } });

    expect(await formed).toMatchObject({ kind: 'multipath', carriers: [hctl] });
  });

  test('is not usable when the time is up', async () => {
    const hctl = await bringUp();
    array.setPortal({ portal: PORTAL, condition: { kind: 'dropped' } });
    await eventually(async () => expect(await stateOf(hctl)).not.toBe('running\n'));

    const formed = steps.ensureMap({ ...devicesOf(hctl), waitMs: 300 });

    await expect(formed).rejects.toMatchObject({ type: 'MapNotUsable' });
  });
});

describe('a portal that goes silent after the attach', () => {
  const volume = { ...base, wwid: WWID, paths: [path] };
  const flush = { ...volume, timeoutMs: 5_000 };

  beforeEach(bringUp);

  test('keeps no device from being deleted at once', async () => {
    await steps.flushDevice(flush);
    array.setPortal({ portal: PORTAL, condition: { kind: 'dropped' } });

    // Far less than the 10 s after which the kernel sees that the path is dead.
    const removed = await steps.removePathDevices({ ...volume, purpose: 'detach', waitMs: 5_000 });

    expect(removed.removed).toHaveLength(1);
    expect((await simulated.control.snapshot()).scsiDevices).toEqual([]);
  });

  test('lets the map go that only udev looks at, once nothing is unwritten', async () => {
    const { control } = simulated;
    const look = await control.holdOpen('/dev/dm-0', '(udev-worker)');
    array.setPortal({ portal: PORTAL, condition: { kind: 'dropped' } });
    await eventually(async () =>
      expect((await control.snapshot()).sessions).toMatchObject([{ state: 'FREE' }]),
    );

    const flushed = steps.flushDevice(flush);
    await eventually(
      async () => expect((await control.runs()).join('\n')).toContain('disablequeueing'),
      { withinMs: 10_000 },
    );
    await control.close(look);

    expect((await flushed).removed).toHaveLength(1);
  });

  test('waits for a look of udev at a path that lives, and calls nothing lost meanwhile', async () => {
    const { control } = simulated;
    const look = await control.holdOpen('/dev/dm-0', '(udev-worker)');

    await expect(steps.flushDevice({ ...flush, timeoutMs: 1_000 })).rejects.toMatchObject({
      type: 'CommandTimedOut',
      nonRetryable: false,
    });
    await control.close(look);

    expect((await steps.flushDevice(flush)).removed).toHaveLength(1);
  });
});

describe('the fence', () => {
  test('refuses a step that is for another host', async () => {
    await expect(steps.ensureSession({ ...login, hostId: 'db-18' })).rejects.toMatchObject({
      type: 'WrongHost',
    });
  });

  test('refuses a step that is for another system under the same host id', async () => {
    await expect(
      steps.ensureSession({ ...login, machineId: '0123456789abcdef0123456789abcdef' }),
    ).rejects.toMatchObject({ type: 'HostReplaced' });
  });

  test('refuses an input no client of ours would send', async () => {
    const hostile = { ...login, path: { ...path, iqn: '--logoutall=all' } };
    await expect(steps.ensureSession(hostile)).rejects.toMatchObject({ type: 'InvalidRequest' });
    expect(await simulated.control.runs()).toEqual([]);
  });
});

describe('CHAP', () => {
  const chap = { username: 'db-17', secretRef: 'file:array1' };

  test('logs in with the secret behind the reference, which no command line carries', async () => {
    array.addTarget({ iqn: IQN, portals: [PORTAL], chap: { username: 'db-17', secret: SECRET } });

    await steps.ensureSession({ ...login, chap });

    expect((await simulated.control.runs()).join('\n')).not.toContain(SECRET);
  });

  test('that the array refuses ends as LoginRefused, without the secret in the message', async () => {
    array.addTarget({
      iqn: IQN,
      portals: [PORTAL],
      chap: { username: 'db-17', secret: 'another' },
    });

    const refusal = steps.ensureSession({ ...login, chap });

    await expect(refusal).rejects.toMatchObject({ type: 'LoginRefused' });
    await expect(refusal).rejects.toMatchObject({ message: expect.not.stringContaining(SECRET) });
  });

  test('whose secret is not on the host ends as SecretUnavailable before anything is made', async () => {
    const missing = steps.ensureSession({ ...login, chap: { ...chap, secretRef: 'file:none' } });

    await expect(missing).rejects.toMatchObject({ type: 'SecretUnavailable' });
    expect((await simulated.control.snapshot()).sessions).toEqual([]);
  });
});

describe('what is not ours', () => {
  test('a session of somebody else is used and never ended', async () => {
    const { runner } = simulated;
    const run = (args: string[]) => runner.run({ program: 'iscsiadm', args, timeoutMs: 10_000 });
    const node = ['-m', 'node', '-T', IQN, '-p', PORTAL, '-I', 'default'];
    await run([...node, '-o', 'new']);
    await run([...node, '--login']);
    const { sessions, nodeRecords } = await simulated.control.snapshot();

    expect(await steps.ensureSession(login)).toMatchObject({ alreadyOpen: true });
    const { removed, kept } = await steps.releaseSession({ ...base, path, timeoutMs: 5_000 });

    expect({ removed, kept: kept.length }).toEqual({ removed: [], kept: 1 });
    expect(await simulated.control.snapshot()).toMatchObject({ sessions, nodeRecords });
  });

  test('the record of a session of somebody else gets its old text back, though the session stays', async () => {
    const { runner, control } = simulated;
    const run = (args: string[]) => runner.run({ program: 'iscsiadm', args, timeoutMs: 10_000 });
    const node = ['-m', 'node', '-T', IQN, '-p', PORTAL, '-I', 'default'];
    await run([...node, '-o', 'new']);
    await run([...node, '--login']);
    const { nodeRecords } = await control.snapshot();
    // It answers, so a login is tried, for which the record must say what mooring needs.
    array.setPortal({ portal: PORTAL, condition: { kind: 'wrong-target' } });
    await eventually(async () =>
      expect((await control.snapshot()).sessions).not.toMatchObject([{ state: 'LOGGED_IN' }]),
    );
    await expect(steps.ensureSession(login)).rejects.toMatchObject({ type: 'PortalUnreachable' });
    expect((await control.snapshot()).nodeRecords).not.toEqual(nodeRecords);

    const { removed, kept } = await steps.releaseSession({ ...base, path, timeoutMs: 5_000 });

    expect(removed).toEqual([`our settings in the record of ${PORTAL}`]);
    expect(kept).toHaveLength(1);
    expect((await control.snapshot()).nodeRecords).toEqual(nodeRecords);
  });

  test('an unreadable device is unknown, and unknown removes nothing', async () => {
    const hctl = await bringUp();
    const wwidFile = `/sys/class/scsi_device/${hctl}/device/wwid`;
    await simulated.control.addFault({ kind: 'unreadable', path: wwidFile });
    const { sessions, scsiDevices, maps } = await simulated.control.snapshot();

    const volume = { ...base, wwid: WWID, paths: [path] };
    await expect(steps.inspectAttachment(volume)).rejects.toMatchObject({ type: 'HostNotReady' });
    const removal = { ...volume, purpose: 'detach' as const, waitMs: 1_000 };
    await expect(steps.removePathDevices(removal)).rejects.toMatchObject({ type: 'HostNotReady' });

    expect(await simulated.control.snapshot()).toMatchObject({ sessions, scsiDevices, maps });
  });
});
