import { expect, test } from 'vitest';
import type { ScsiDeviceFact, SessionFact } from '../../../src/host/facts.js';
import { volumeHasOneSource, type SourceFacts } from '../../../src/host/source-gate.js';
import { IQN, PORTAL, WWID } from '../../support/sysfs-builder.js';

const sdb: ScsiDeviceFact = { hctl: '2:0:0:4', lun: 4, block: 'sdb', wwid: WWID, state: 'running' };
const sdc: ScsiDeviceFact = { ...sdb, hctl: '3:0:0:4', block: 'sdc' };
const ours: SessionFact = {
  ...{ sid: 1, scsiHost: 2, targetIqn: IQN, portal: PORTAL, iface: 'default' },
  state: 'LOGGED_IN',
};
const other: SessionFact = { ...ours, sid: 2, scsiHost: 3, targetIqn: `${IQN}-2` };
const facts: SourceFacts = {
  wwid: WWID,
  devices: [sdb, sdc],
  sessions: [ours, { ...other, targetIqn: IQN.toUpperCase() }],
  targets: [IQN],
};

test('a volume from the wanted target alone passes, however its name is spelled', () => {
  expect(volumeHasOneSource(facts)).toMatchObject({ passed: true });
});

test('one that comes from two wanted targets passes', () => {
  const targets = [IQN, `${IQN}-2`];
  expect(volumeHasOneSource({ ...facts, sessions: [ours, other], targets }).passed).toBe(true);
});

test('a device from a target nobody asked for shuts the gate, and both are named', () => {
  const { passed, evidence } = volumeHasOneSource({ ...facts, sessions: [ours, other] });
  expect(passed).toBe(false);
  expect(evidence).toContain(`sdc (3:0:0:4) from ${IQN}-2`);
});

test('a device that is below no session shuts the gate', () => {
  const { passed, evidence } = volumeHasOneSource({ ...facts, sessions: [ours] });
  expect(passed).toBe(false);
  expect(evidence).toContain('sdc (3:0:0:4) from no iSCSI target');
});
