import { expect, test } from 'vitest';
import { parseMountInfo, parseSwaps } from '../../../src/host/mounts.js';

test('a mount is read with its optional fields, however many there are', () => {
  const none = '36 35 98:0 / /mnt rw,noatime - ext3 /dev/root rw,errors=continue\n';
  const two = '37 35 253:3 / /srv rw shared:1 master:2 - xfs /dev/mapper/a rw\n';
  expect(parseMountInfo(none + two)).toEqual([
    { devNumber: '98:0', mountPoint: '/mnt', source: '/dev/root' },
    { devNumber: '253:3', mountPoint: '/srv', source: '/dev/mapper/a' },
  ]);
});

test('a line without its separator is refused', () => {
  expect(() => parseMountInfo('36 35 98:0 / /mnt rw\n')).toThrow('unexpected line');
});

test('swap names are unescaped', () => {
  expect(parseSwaps('Filename Type\n/dev/my\\040swap partition 1 0 -2\n')).toEqual([
    '/dev/my swap',
  ]);
});
