import { expect, test } from 'vitest';
import { toDeviceInfo } from '../../../src/client/cinder/device-info.js';
import type { AttachResult } from '../../../src/model/attach-result.js';

const WWID = '36001405bea237473c2c4f98b14c7c293';
const RESULT: AttachResult = {
  volumeId: 'vol-1',
  hostId: 'db-17',
  state: 'attached',
  kind: 'multipath',
  device: '/dev/dm-3',
  stablePath: `/dev/disk/by-id/dm-uuid-mpath-${WWID}`,
  wwid: WWID,
  sizeBytes: 67_108_864,
  bootId: 'c3a5c5b0-0000-4000-8000-000000000000',
  paths: [],
  warnings: [],
};

test('device_info of a map names the map and its WWID', () => {
  expect(toDeviceInfo(RESULT)).toEqual({
    type: 'block',
    path: '/dev/dm-3',
    scsi_wwn: WWID,
    multipath_id: WWID,
  });
});

test('device_info of a single device has no multipath_id', () => {
  const single = { ...RESULT, kind: 'single', device: '/dev/sdb' } as const;
  expect(toDeviceInfo(single)).toEqual({ type: 'block', path: '/dev/sdb', scsi_wwn: WWID });
});
