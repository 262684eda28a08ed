import { expect, test } from 'vitest';
import { InvalidInput } from '../../../../src/privileged/input-checks.js';
import type { PrivilegedVerbs } from '../../../../src/privileged/verbs.js';
import { IQN, PORTAL, WWID } from '../../../support/sysfs-builder.js';
import { verbsUnderTest } from '../../../support/verbs-under-test.js';

const END = { iqn: IQN, portal: PORTAL, iface: 'default' };
const NODE = { ...END, loginTimeoutSeconds: 10 };
const CHAP = { username: 'u', secretRef: 'file:out' };

const WRONG: readonly [string, (verbs: PrivilegedVerbs) => Promise<unknown>][] = [
  ['portal', (verbs) => verbs.nodeRecordFate({ ...END, portal: '10.0.0.1' })],
  ['portal', (verbs) => verbs.logIn({ ...END, portal: '-h:3260', timeoutMs: 1 })],
  ['iqn', (verbs) => verbs.nodeRecordFate({ ...END, iqn: '../iqn' })],
  ['iqn', (verbs) => verbs.putBackNodeRecord({ ...END, iqn: '--help' })],
  ['iface', (verbs) => verbs.nodeRecordFate({ ...END, iface: '..' })],
  ['iface', (verbs) => verbs.nodeRecordFate({ ...END, iface: 'a/b' })],
  ['loginTimeoutSeconds', (verbs) => verbs.ensureNodeRecord({ ...NODE, loginTimeoutSeconds: 0.5 })],
  [
    'chap.username',
    (verbs) => verbs.ensureNodeRecord({ ...NODE, chap: { ...CHAP, username: 'a\nb' } }),
  ],
  ['mutualChap', (verbs) => verbs.ensureNodeRecord({ ...NODE, mutualChap: CHAP })],
  ['timeoutMs', (verbs) => verbs.logIn({ ...END, timeoutMs: 0 })],
  ['timeoutMs', (verbs) => verbs.removeMap({ wwid: WWID, timeoutMs: Number.NaN })],
  ['sid', (verbs) => verbs.logOut({ ...END, sid: -1, timeoutMs: 1 })],
  ['lun', (verbs) => verbs.scanLun({ ...END, sid: 1, lun: 1.5 })],
  ['hctl', (verbs) => verbs.deleteDevice({ hctl: '2:0:0', wwid: WWID })],
  ['hctl', (verbs) => verbs.deleteDevice({ hctl: '../../sda', wwid: WWID })],
  ['wwid', (verbs) => verbs.deleteDevice({ hctl: '2:0:0:4', wwid: '' })],
  ['wwid', (verbs) => verbs.forgetWwid({ wwid: '-W' })],
  ['wwid', (verbs) => verbs.flushMap({ wwid: `${WWID} x`, timeoutMs: 1 })],
  ['wwid', (verbs) => verbs.forgetPaths({ wwid: `${WWID}/..` })],
  ['paths', (verbs) => verbs.ensureMap({ wwid: WWID, paths: [] })],
  [
    'paths[0].wwid',
    (verbs) => verbs.ensureMap({ wwid: WWID, paths: [{ hctl: '2:0:0:4', wwid: `${WWID}0` }] }),
  ],
];

test.each(WRONG)('a wrong %s is refused by name, and nothing is done', async (field, call) => {
  const { host, runner, verbs } = verbsUnderTest();
  const refusal = call(verbs);
  await expect(refusal).rejects.toThrow(InvalidInput);
  await expect(refusal).rejects.toMatchObject({ field });
  expect(runner.lines).toEqual([]);
  expect(host.attributeWrites).toEqual([]);
});
