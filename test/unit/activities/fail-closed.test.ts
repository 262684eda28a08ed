import { beforeEach, describe, expect, test } from 'vitest';
import type { HostSteps } from '../../../src/model/steps.js';
import type { SimulatedHost } from '../../../src/simulator/simulated-host.js';
import { StorageArray } from '../../../src/simulator/storage-array.js';
import { stepsUnderTest } from '../../support/steps-under-test.js';

const HOST_ID = 'db-17';
const IQN = 'iqn.2026-11.io.example:array1';
const PORTAL = '10.0.0.1:3260';
const DESIGNATOR = '6001405bea237473c2c4f98b14c7c293';
const WWID = `3${DESIGNATOR}`;
const noSecrets = { resolve: () => Promise.reject(new Error('no secrets here')) };

const path = { portal: PORTAL, iqn: IQN, lun: 4, iface: 'default' };
const base = { hostId: HOST_ID, owner: `vol-1@${HOST_ID}` };
const volume = { ...base, wwid: WWID, paths: [path] };

let simulated: SimulatedHost;
let steps: HostSteps;

beforeEach(async () => {
  const array = new StorageArray();
  array.addVolume({ name: 'v', wwid: `naa.${DESIGNATOR}`, sizeBytes: 1 << 26 });
  array.addTarget({ iqn: IQN, portals: [PORTAL] });
  array.mapLun({ iqn: IQN, lun: 4, volume: 'v' });
  ({ simulated, steps } = stepsUnderTest({ hostId: HOST_ID, array, secrets: noSecrets }));
});

/** @returns H:C:T:L and disk of the one path */
async function attach(multipath: 'preferred' | 'off'): Promise<{ hctl: string; disk: string }> {
  await steps.ensureSession({ ...base, path, loginTimeoutMs: 2_000 });
  const { hctl, device } = await steps.findPathDevice({ ...base, path, waitMs: 5_000 });
  const devices = [{ hctl, wwid: WWID }];
  await steps.ensureMap({ ...base, wwid: WWID, devices, multipath, waitMs: 5_000 });
  return { hctl, disk: device.replace('/dev/', '') };
}

async function expectUntouchedBy(step: () => Promise<unknown>, unreadable: string): Promise<void> {
  const before = await simulated.control.snapshot();
  const runs = await simulated.control.runs();
  const fault = await simulated.control.addFault({ kind: 'unreadable', path: unreadable });

  await expect(step()).rejects.toMatchObject({ type: 'HostNotReady' });

  await simulated.control.removeFault(fault);
  expect(await simulated.control.snapshot()).toEqual(before);
  // Not a single command was run: it was refused before the first.
  expect(await simulated.control.runs()).toEqual(runs);
}

const inspect = () => steps.inspectAttachment(volume);
const flush = () => steps.flushDevice({ ...volume, timeoutMs: 5_000 });
const remove = () => steps.removePathDevices({ ...volume, purpose: 'detach', waitMs: 5_000 });
const release = () => steps.releaseSession({ ...base, path, timeoutMs: 5_000 });
const absence = () => steps.verifyAbsent(volume);

/** What the gates of a removal need to know; `DISK` and `HCTL` stand for those of the path. */
const REMOVAL_FACTS = [
  '/proc/sys/kernel/random/boot_id',
  '/sys/class/iscsi_session',
  '/sys/class/iscsi_session/session1/state',
  '/sys/class/scsi_device',
  '/sys/class/scsi_device/HCTL/device/state',
  '/sys/class/scsi_device/HCTL/device/wwid',
  '/sys/class/block',
  '/sys/class/block/dm-0/dm/uuid',
  '/sys/class/block/dm-0/slaves',
  '/sys/class/block/dm-0/holders',
  '/sys/class/block/DISK/holders',
  '/proc/1/mountinfo',
  '/proc/self/mountinfo',
  '/proc/swaps',
];

describe('nothing is removed while a fact cannot be read', () => {
  test.each(REMOVAL_FACTS)('over a map: %s', async (fact) => {
    const { hctl, disk } = await attach('preferred');
    const unreadable = fact.replace('HCTL', hctl).replace('DISK', disk);
    for (const step of [inspect, flush, remove]) await expectUntouchedBy(step, unreadable);
  });

  test('without a map: the files that programs have open', async () => {
    const { disk } = await attach('off');
    const open = await simulated.control.holdOpen(`/dev/${disk}`);
    const pid = (await simulated.files.list('/proc')).find((name) => Number(name) > 1) ?? '';
    await expectUntouchedBy(flush, `/proc/${pid}/fd`);
    await expectUntouchedBy(remove, `/proc/${pid}/mountinfo`);
    await simulated.control.close(open);
  });

  test.each(['/sys/class/iscsi_session', '/run/mooring/claims', '/run/mooring/sessions'])(
    'no session is logged out: %s',
    async (unreadable) => {
      await attach('off');
      await remove();
      await expectUntouchedBy(release, unreadable);
    },
  );

  test.each(['/sys/class/scsi_device', '/sys/class/block'])(
    'no volume counts as gone: %s',
    async (unreadable) => {
      await attach('preferred');
      await flush();
      await remove();
      await expectUntouchedBy(absence, unreadable);
    },
  );
});
