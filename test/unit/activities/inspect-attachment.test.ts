import { expect, test } from 'vitest';
import { StorageArray } from '../../../src/simulator/storage-array.js';
import { stepsUnderTest } from '../../support/steps-under-test.js';

const HOST_ID = 'db-17';
const IQN = 'iqn.2026-11.io.example:array1';
const PORTALS = ['10.0.0.1:3260', '10.0.0.2:3260'] as const;
const DESIGNATOR = '6001405bea237473c2c4f98b14c7c293';
const WWID = `3${DESIGNATOR}`;

const base = { hostId: HOST_ID, owner: `vol-1@${HOST_ID}` };
const pathAt = (portal: string) => ({ portal, iqn: IQN, lun: 4, iface: 'default' });

const array = new StorageArray();
array.addVolume({ name: 'v', wwid: `naa.${DESIGNATOR}`, sizeBytes: 1 << 26 });
array.addTarget({ iqn: IQN, portals: PORTALS });
array.mapLun({ iqn: IQN, lun: 4, volume: 'v' });
const { simulated, steps } = stepsUnderTest({
  hostId: HOST_ID,
  array,
  secrets: { resolve: () => Promise.reject(new Error('no secrets here')) },
});

async function bringUp(portal: string): Promise<{ hctl: string; wwid: string }> {
  const path = pathAt(portal);
  await steps.ensureSession({ ...base, path, loginTimeoutMs: 2_000 });
  const { hctl, wwid } = await steps.findPathDevice({ ...base, path, waitMs: 5_000 });
  return { hctl, wwid };
}

test('a path that joins the map during the look is no stranger', async () => {
  const form = { ...base, wwid: WWID, multipath: 'required' as const, waitMs: 5_000 };
  const first = await bringUp(PORTALS[0]);
  await steps.ensureMap({ ...form, devices: [first] });
  // The devices have been read by then.
  const atMap = await simulated.control.setBoundary({
    ...{ of: 'read-file', matching: '/dm/uuid', side: 'before' },
  });
  const look = steps.inspectAttachment({ ...base, wwid: WWID, paths: PORTALS.map(pathAt) });
  await atMap.reached;

  await steps.ensureMap({ ...form, devices: [first, await bringUp(PORTALS[1])] });
  atMap.release();

  const { devices, gates } = await look;
  expect(devices).toHaveLength(2);
  expect(gates.filter(({ passed }) => !passed)).toEqual([]);
});
