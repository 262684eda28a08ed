import { beforeEach, describe, expect, test, vi } from 'vitest';
import { StorageArray } from '../../../src/simulator/storage-array.js';
import { stepsUnderTest, type StepsUnderTest } from '../../support/steps-under-test.js';

const HOST_ID = 'db-17';
const IQN = 'iqn.2026-11.io.example:array1';
const PORTAL = '10.0.0.1:3260';
const DESIGNATOR = '6001405bea237473c2c4f98b14c7c293';
const noSecrets = { resolve: () => Promise.reject(new Error('no secrets here')) };

const path = { portal: PORTAL, iqn: IQN, lun: 4, iface: 'default' };
const base = { hostId: HOST_ID, owner: `vol-1@${HOST_ID}` };
const login = { ...base, path, loginTimeoutMs: 2_000 };
const neighbour = { ...login, owner: `vol-2@${HOST_ID}`, path: { ...path, lun: 5 } };
const find = { ...base, path, waitMs: 60_000 };
const undo = { ...base, paths: [path], purpose: 'undo' as const, waitMs: 2_000 };
const release = { ...base, path, timeoutMs: 2_000 };

let array: StorageArray;
let host: StepsUnderTest;

beforeEach(() => {
  array = new StorageArray();
  array.addVolume({ name: 'v', wwid: `naa.${DESIGNATOR}`, sizeBytes: 1 << 26 });
  array.addTarget({ iqn: IQN, portals: [PORTAL] });
  host = stepsUnderTest({ hostId: HOST_ID, array, secrets: noSecrets });
});

async function scsiDevices(): Promise<readonly unknown[]> {
  return (await host.simulated.control.snapshot()).scsiDevices;
}

describe('a step that still runs when the server has given it up', () => {
  test('is ended by the undo, and brings nothing in afterwards', async () => {
    await host.steps.ensureSession(login);
    await host.steps.ensureSession(neighbour);
    const scans = vi.spyOn(host.verbs, 'scanLun');
    const search = host.start('findPathDevice', find);
    await vi.waitFor(() => {
      expect(scans).toHaveBeenCalled();
    });

    const ended = expect(search.done).rejects.toMatchObject({ type: 'Cancelled' });
    await host.steps.removePathDevices(undo);

    await ended;
    array.mapLun({ iqn: IQN, lun: 4, volume: 'v' });
    expect(await host.steps.releaseSession(release)).toMatchObject({ removed: [] });
    expect(scans).toHaveBeenCalledTimes(1);
    expect(await scsiDevices()).toEqual([]);
  });

  test('begins no login after its path was released', async () => {
    array.setPortal({ portal: PORTAL, condition: { kind: 'dropped' } });
    const knock = vi.spyOn(host.simulated.network, 'knock');
    const attempt = host.start('ensureSession', { ...login, loginTimeoutMs: 60_000 });
    await vi.waitFor(() => {
      expect(knock).toHaveBeenCalled();
    });

    const ended = expect(attempt.done).rejects.toMatchObject({ type: 'Cancelled' });
    await host.steps.releaseSession(release);
    array.setPortal({ portal: PORTAL, condition: { kind: 'up' } });

    await ended;
    expect((await host.simulated.control.snapshot()).sessions).toEqual([]);
  });
});

test('a claim stays while a scan for its LUN hangs below a session that others keep', async () => {
  await host.steps.ensureSession(login);
  await host.steps.ensureSession(neighbour);
  const underWay = vi.spyOn(host.verbs, 'isScanUnderWay').mockResolvedValueOnce(true);

  await expect(host.steps.releaseSession(release)).rejects.toMatchObject({
    type: 'CommandTimedOut',
  });
  expect(underWay).toHaveBeenCalledWith({ sid: 1, lun: 4 });

  expect(await host.steps.releaseSession(release)).toMatchObject({ removed: [] });
});
