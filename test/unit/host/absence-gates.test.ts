import { expect, test } from 'vitest';
import { absenceGates } from '../../../src/host/absence-gates.js';
import type { DmFact, ScsiDeviceFact } from '../../../src/host/facts.js';
import { failedGates } from '../../../src/host/gate.js';
import { WWID } from '../../support/sysfs-builder.js';

const sdb: ScsiDeviceFact = { hctl: '2:0:0:4', lun: 4, block: 'sdb', wwid: WWID, state: 'running' };
const map: DmFact = {
  ...{ block: 'dm-3', name: 'mpatha', uuid: `mpath-${WWID}`, sizeBytes: 1, suspended: false },
  ...{ slaves: [], holders: [] },
};

test('a volume of which nothing is left is gone', () => {
  expect(failedGates(absenceGates({ devices: [] }))).toEqual([]);
});

test('a device that is back shuts its gate, and is named', () => {
  expect(failedGates(absenceGates({ devices: [sdb] }))).toEqual([
    { gate: 'no-device-left', passed: false, evidence: 'still on the host: sdb (2:0:0:4)' },
  ]);
});

test('a map without a device shuts its gate, and is named', () => {
  expect(failedGates(absenceGates({ devices: [], map }))).toEqual([
    { gate: 'no-map-left', passed: false, evidence: 'still on the host: map mpatha (dm-3)' },
  ]);
});
