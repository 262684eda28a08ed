import { expect, test } from 'vitest';
import type { DmFact, ScsiDeviceFact, SessionFact } from '../../../src/host/facts.js';
import { failedGates } from '../../../src/host/gate.js';
import {
  releaseGates,
  removalGates,
  type ReleaseFacts,
  type RemovalFacts,
} from '../../../src/host/gates.js';
import { OTHER_WWID, WWID } from '../../support/sysfs-builder.js';

const sdb: ScsiDeviceFact = { hctl: '2:0:0:4', lun: 4, block: 'sdb', wwid: WWID, state: 'running' };
const sdc: ScsiDeviceFact = { ...sdb, hctl: '3:0:0:4', block: 'sdc' };
const map: DmFact = {
  block: 'dm-3',
  name: 'mpatha',
  uuid: `mpath-${WWID}`,
  sizeBytes: 67_108_864,
  suspended: false,
  slaves: ['sdb', 'sdc'],
  holders: [],
};

const healthy: RemovalFacts = {
  wwid: WWID,
  devices: [sdb, sdc],
  devicesWithWwid: [sdb, sdc],
  map,
  slavesAgain: ['sdc', 'sdb'],
  users: [],
};

const path = { portal: '10.0.0.1:3260', iqn: 'iqn.2026-11.io.example:array1', iface: 'default' };
const session: SessionFact = {
  ...{ sid: 3, scsiHost: 4, portal: path.portal, iface: path.iface, state: 'LOGGED_IN' },
  targetIqn: path.iqn,
};
const releasable: ReleaseFacts = {
  ...{ session, path },
  claimed: true,
  otherClaims: [],
  madeByMooring: true,
  devices: [],
};

function shutBy(facts: Partial<RemovalFacts>): string[] {
  return failedGates(removalGates({ ...healthy, ...facts })).map(({ gate }) => gate);
}

function shutByRelease(facts: Partial<ReleaseFacts>): string[] {
  return failedGates(releaseGates({ ...releasable, ...facts })).map(({ gate }) => gate);
}

test('all gates are open over a healthy volume without users', () => {
  expect(shutBy({})).toEqual([]);
  expect(removalGates(healthy)).toHaveLength(4);
});

test('all gates are open when the host holds nothing of the volume', () => {
  const { map: _, ...rest } = healthy;
  const nothing = { ...rest, devices: [], devicesWithWwid: [], slavesAgain: [] };
  expect(failedGates(removalGates(nothing))).toEqual([]);
});

test('a device that states another WWID shuts the gate', () => {
  const stranger = { ...sdc, wwid: OTHER_WWID };
  expect(shutBy({ devices: [sdb, stranger] })).toEqual(['devices-are-the-volume']);
});

test('a device that states no WWID shuts the gate', () => {
  const { wwid: _, ...anonymous } = sdc;
  expect(shutBy({ devices: [sdb, anonymous] })).toEqual(['devices-are-the-volume']);
});

test.each(['', `part1-mpath-${WWID}`, `mpath-${OTHER_WWID}`, `LVM-${WWID}`])(
  'a map with the uuid "%s" shuts the gate',
  (uuid) => {
    expect(shutBy({ map: { ...map, uuid } })).toEqual(['map-is-the-volume']);
  },
);

test('a foreign slave shuts the gate', () => {
  expect(shutBy({ devicesWithWwid: [sdb] })).toEqual(['slaves-are-the-volume']);
});

test('slaves that change between two readings shut the gate', () => {
  expect(shutBy({ slavesAgain: ['sdb'] })).toEqual(['slaves-are-the-volume']);
  expect(shutBy({ map: { ...map, slaves: [] } })).toEqual(['slaves-are-the-volume']);
});

test('a map that twice has no slaves may go', () => {
  expect(shutBy({ map: { ...map, slaves: [] }, slavesAgain: [] })).toEqual([]);
});

test('a user shuts the gate and is named in the evidence', () => {
  const users = [
    { block: 'dm-3', kind: 'holder', what: 'dm-7', name: 'vg0-data' },
    { block: 'dm-3', kind: 'mount', what: '/srv' },
  ] as const;
  const [shut] = failedGates(removalGates({ ...healthy, users }));
  expect(shut).toEqual({
    gate: 'no-users',
    passed: false,
    evidence: 'in use: holder vg0-data (dm-7) on dm-3, mount /srv on dm-3',
  });
});

test('a claimed session of mooring that carries nothing may go', () => {
  expect(shutByRelease({})).toEqual([]);
});

test.each<[string, Partial<ReleaseFacts>]>([
  ['session-is-the-paths', { session: { ...session, targetIqn: `${path.iqn}-2` } }],
  ['session-is-the-paths', { session: { ...session, portal: '10.0.0.2:3260' } }],
  ['session-is-the-paths', { session: { ...session, iface: 'lab0' } }],
  ['session-is-claimed', { claimed: false }],
  ['no-other-claim', { otherClaims: ['vol-2@db-17'] }],
  ['session-made-by-mooring', { madeByMooring: false }],
  ['no-other-lun', { devices: [sdb] }],
])('the gate %s is shut by its own fact alone', (gate, facts) => {
  expect(shutByRelease(facts)).toEqual([gate]);
});

test('every gate has one sentence of evidence', () => {
  for (const gate of [...removalGates(healthy), ...releaseGates(releasable)]) {
    expect(gate.evidence).toMatch(/^\S.*\S$/);
  }
});
