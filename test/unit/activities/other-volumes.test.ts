import { beforeEach, describe, expect, test } from 'vitest';
import type { HostSteps } from '../../../src/model/steps.js';
import type { SimulatedHost } from '../../../src/simulator/simulated-host.js';
import { StorageArray } from '../../../src/simulator/storage-array.js';
import { stepsUnderTest } from '../../support/steps-under-test.js';

const HOST_ID = 'db-17';
const IQN = 'iqn.2026-11.io.example:array1';
const PORTALS = ['10.0.0.1:3260', '10.0.0.2:3260'] as const;
const ONE = '6001405bea237473c2c4f98b14c7c293';
const OTHER = '60014050000000000000000000000abc';
const noSecrets = { resolve: () => Promise.reject(new Error('no secrets here')) };

const pathAt = (portal: string) => ({ portal, iqn: IQN, lun: 4, iface: 'default' });
const path = pathAt(PORTALS[0]);
const base = { hostId: HOST_ID, owner: `vol-1@${HOST_ID}` };
const stranger = { ...base, owner: `vol-2@${HOST_ID}` };
const find = { ...base, path, waitMs: 5_000 };

let array: StorageArray;
let simulated: SimulatedHost;
let steps: HostSteps;

beforeEach(() => {
  array = new StorageArray();
  for (const designator of [ONE, OTHER]) {
    array.addVolume({ name: designator, wwid: `naa.${designator}`, sizeBytes: 1 << 26 });
  }
  array.addTarget({ iqn: IQN, portals: PORTALS });
  array.mapLun({ iqn: IQN, lun: 4, volume: ONE });
  ({ simulated, steps } = stepsUnderTest({ hostId: HOST_ID, array, secrets: noSecrets }));
});

const logIn = (owner: typeof base, portal: string = PORTALS[0]) =>
  steps.ensureSession({ ...owner, path: pathAt(portal), loginTimeoutMs: 2_000 });

/** A device that was there before anybody asked mooring, as an administrator's scan leaves it. */
async function scanByHand(): Promise<string> {
  const { scsiHost } = (await logIn(base)) as { scsiHost?: number };
  await simulated.writer.writeAttribute(`/sys/class/scsi_host/host${scsiHost}/scan`, '0 0 4');
  const { scsiDevices } = await simulated.control.snapshot();
  return scsiDevices[0]?.hctl ?? '';
}

describe('a device that was there before', () => {
  test('is taken when it still is the volume it states', async () => {
    const hctl = await scanByHand();
    expect(await steps.findPathDevice(find)).toMatchObject({ hctl, wwid: `3${ONE}` });
  });

  test('is scanned anew when its LUN was given to another volume', async () => {
    await scanByHand();
    array.mapLun({ iqn: IQN, lun: 4, volume: OTHER });

    const found = await steps.findPathDevice({ ...find, expectWwid: `3${OTHER}` });

    expect(found).toMatchObject({ wwid: `3${OTHER}` });
    expect((await simulated.control.snapshot()).scsiDevices).toHaveLength(1);
  });

  test('is never handed out as what it was, even when nothing was expected', async () => {
    await scanByHand();
    array.mapLun({ iqn: IQN, lun: 4, volume: OTHER });

    expect(await steps.findPathDevice(find)).toMatchObject({ wwid: `3${OTHER}` });
  });

  test('stays when somebody uses it, and the attach is refused', async () => {
    await scanByHand();
    const { device } = await steps.findPathDevice(find);
    await steps.releaseSession({ ...base, path, timeoutMs: 1_000 });
    await simulated.control.mount(device, '/mnt/old');
    array.mapLun({ iqn: IQN, lun: 4, volume: OTHER });
    const { scsiDevices } = await simulated.control.snapshot();
    await logIn(stranger);

    await expect(steps.findPathDevice({ ...find, ...stranger })).rejects.toMatchObject({
      type: 'WrongVolume',
      message: expect.stringContaining('mount /mnt/old'),
    });
    expect((await simulated.control.snapshot()).scsiDevices).toMatchObject([
      { hctl: scsiDevices[0]?.hctl },
    ]);
  });

  test('that gives no answer is not taken', async () => {
    await scanByHand();
    await simulated.control.addFault({ kind: 'device-hangs', wwid: `naa.${ONE}` });

    await expect(steps.findPathDevice({ ...find, waitMs: 500 })).rejects.toMatchObject({
      type: 'LunNotFound',
    });
  });
});

/** The map over a device of the volume, as an attach leaves it. */
async function formMap(hctl: string): Promise<void> {
  const devices = [{ hctl, wwid: `3${ONE}` }];
  await steps.ensureMap({
    ...base,
    wwid: `3${ONE}`,
    devices,
    multipath: 'preferred',
    waitMs: 5_000,
  });
}

describe('a volume that another attachment holds', () => {
  beforeEach(async () => {
    await logIn(base);
    const { hctl } = await steps.findPathDevice(find);
    await formMap(hctl);
  });

  test('is refused under another id, whichever way it is reached', async () => {
    await logIn(stranger, PORTALS[1]);
    const otherWay = { ...stranger, path: pathAt(PORTALS[1]), waitMs: 5_000 };

    await expect(steps.findPathDevice(otherWay)).rejects.toMatchObject({
      type: 'WrongVolume',
      message: expect.stringContaining(base.owner),
    });
  });

  test('keeps its map and its paths when the refused attach is undone', async () => {
    const before = await simulated.control.snapshot();
    await logIn(stranger, PORTALS[1]);
    const otherWay = pathAt(PORTALS[1]);
    await steps
      .findPathDevice({ ...stranger, path: otherWay, waitMs: 5_000 })
      .catch(() => undefined);

    await steps.removePathDevices({
      ...stranger,
      paths: [otherWay],
      wwid: `3${ONE}`,
      purpose: 'undo',
      waitMs: 5_000,
    });
    await steps.releaseSession({ ...stranger, path: otherWay, timeoutMs: 5_000 });

    const { maps, scsiDevices, sessions, wwids } = before;
    expect(await simulated.control.snapshot()).toMatchObject({
      maps,
      scsiDevices,
      sessions,
      wwids,
    });
  });
});

describe('a volume whose LUN stood for another one for a while', () => {
  const flush = { ...base, wwid: `3${ONE}`, paths: [path], timeoutMs: 5_000 };
  let hctl: string;

  /** As an administrator's rescan does, or another attach that found the device. */
  const askAgain = () =>
    simulated.writer.writeAttribute(`/sys/class/scsi_device/${hctl}/device/rescan`, '1');

  beforeEach(async () => {
    await logIn(base);
    ({ hctl } = await steps.findPathDevice(find));
    await formMap(hctl);
    array.mapLun({ iqn: IQN, lun: 4, volume: OTHER });
    await askAgain();
  });

  test('is written back when the LUN is its own again, whatever the kernel was told', async () => {
    array.mapLun({ iqn: IQN, lun: 4, volume: ONE });

    expect(await steps.flushDevice(flush)).toMatchObject({ removed: [`map 3${ONE}`] });
  });

  test('is not written back while the LUN is the other one', async () => {
    await expect(steps.flushDevice(flush)).rejects.toMatchObject({ type: 'WrongVolume' });

    expect((await simulated.control.snapshot()).maps).toHaveLength(1);
  });
});
