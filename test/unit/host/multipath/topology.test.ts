import { expect, test } from 'vitest';
import { parsePathLines } from '../../../../src/host/multipath/topology.js';
import { wwidsFileHolds } from '../../../../src/host/multipath/wwids-file.js';
import { WWID } from '../../../support/sysfs-builder.js';

test('each line is a path with its WWID', () => {
  expect(parsePathLines(`sdb ${WWID}\nsdc \n`)).toEqual([
    { block: 'sdb', wwid: WWID },
    { block: 'sdc', wwid: '' },
  ]);
});

test('an empty answer is unknown, and ok is none', () => {
  expect(parsePathLines('')).toBeUndefined();
  expect(parsePathLines('ok\n')).toEqual([]);
});

test.each(['timeout', 'timeout receiving packet', 'fail', 'permission deny: need to be root'])(
  'the answer "%s" is unknown, not a path',
  (answer) => {
    expect(parsePathLines(`${answer}\n`)).toBeUndefined();
  },
);

test.each(['sdb 1 2', '/dev/sdb 1', 'sdb;rm'])('the line "%s" is not taken for a path', (line) => {
  expect(() => parsePathLines(`${line}\n`)).toThrow('unexpected line');
});

test('a WWID is remembered when it stands between slashes on a line of its own', () => {
  const text = `# Multipath wwids, Version : 1.0\n/${WWID}/\n`;
  expect(wwidsFileHolds(text, WWID)).toBe(true);
  expect(wwidsFileHolds(text, WWID.slice(0, -1))).toBe(false);
  expect(wwidsFileHolds('', WWID)).toBe(false);
});
