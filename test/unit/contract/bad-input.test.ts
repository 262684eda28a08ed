import { describe, expect, test } from 'vitest';
import { attachRequestProblems } from '../../../src/contract/request-problems.js';
import { targetNameWarning } from '../../../src/contract/target-name.js';
import { attachRequestSchema } from '../../../src/model/attach-request.js';
import { parseRequest } from '../../../src/model/parse-request.js';
import { goodRequest, IQN } from '../../support/requests.js';

const portal = '10.0.0.1:3260';
const path = { portal, iqn: IQN, lun: 4 };

function withPath(change: Record<string, unknown>): unknown {
  return { ...goodRequest(), connection: { paths: [{ ...path, ...change }] } };
}

function withConnection(change: Record<string, unknown>): unknown {
  return { ...goodRequest(), connection: { paths: [path], ...change } };
}

const CASES: readonly [claim: string, field: string, request: unknown][] = [
  ['a portal without port', 'connection.paths[0].portal', withPath({ portal: '10.0.0.1' })],
  ['IPv6 without brackets', 'connection.paths[0].portal', withPath({ portal: 'fd00::7:3260' })],
  ['a port beyond 65535', 'connection.paths[0].portal', withPath({ portal: '10.0.0.1:65536' })],
  [
    'white space in a target name',
    'connection.paths[0].iqn',
    withPath({ iqn: 'iqn.2026-11.io a' }),
  ],
  [
    'a control character in a target name',
    'connection.paths[0].iqn',
    withPath({ iqn: 'iqn\u0007' }),
  ],
  ['a slash in a target name', 'connection.paths[0].iqn', withPath({ iqn: '../../etc' })],
  ['a target name of 224 bytes', 'connection.paths[0].iqn', withPath({ iqn: 'i'.repeat(224) })],
  ['a LUN as text', 'connection.paths[0].lun', withPath({ lun: '4' })],
  ['a LUN out of range', 'connection.paths[0].lun', withPath({ lun: 65_536 })],
  ['a negative LUN', 'connection.paths[0].lun', withPath({ lun: -1 })],
  ['no paths', 'connection.paths', withConnection({ paths: [] })],
  ['neither paths nor discovery', 'connection.paths', withConnection({ paths: undefined })],
  [
    'the same path twice, in another spelling',
    'connection.paths[1]',
    withConnection({ paths: [path, { ...path, iqn: IQN.toUpperCase() }] }),
  ],
  ['an unknown access mode', 'access', { ...goodRequest(), access: 'both' }],
  ['a volume id with a slash', 'volumeId', goodRequest({ volumeId: 'a/b' })],
  ['a host id in capitals', 'hostId', goodRequest({ hostId: 'DB-17' })],
  [
    'a secret in the place of its reference',
    'connection.chap.secretRef',
    withConnection({ chap: { username: 'u', secretRef: 'hunter2hunter2' } }),
  ],
  [
    'a password field',
    'connection.chap.password',
    withConnection({ chap: { username: 'u', secretRef: 'file:a', password: 'hunter2' } }),
  ],
  [
    'an unknown addressing mode',
    'connection.addressingMode',
    withConnection({ addressingMode: 'x' }),
  ],
  ['a field nobody knows', 'volume', { ...goodRequest(), volume: 1 }],
  ['more paths demanded than listed', 'policy.minPaths', goodRequest({ policy: { minPaths: 3 } })],
  ['a deadline out of its bounds', 'policy.deadlineMs', goodRequest({ policy: { deadlineMs: 1 } })],
];

describe('bad input is refused by the name of its field', () => {
  test.each(CASES)('%s', (_claim, field, request) => {
    expect(attachRequestProblems(request).map((problem) => problem.field)).toContain(field);
    expect(() => parseRequest(attachRequestSchema, request)).toThrow(
      expect.objectContaining({ type: 'InvalidRequest', message: expect.stringContaining(field) }),
    );
  });

  test('an inline secret is not repeated in the refusal', () => {
    const request = withConnection({ chap: { username: 'u', secretRef: 'hunter2hunter2' } });
    expect(() => parseRequest(attachRequestSchema, request)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
    expect(JSON.stringify(attachRequestProblems(request))).not.toContain('hunter2');
  });

  test.each(['iqn.2026-11.mooring:t1', 'weird-name', 'eui.short', 'iqn.99-1.x:y'])(
    'the odd target name %s is accepted with a warning',
    (iqn) => {
      expect(attachRequestProblems(withPath({ iqn }))).toEqual([]);
      expect(targetNameWarning(iqn)).toContain(iqn);
    },
  );

  test.each([IQN, 'eui.02004567a425678d', 'naa.52004567ba64678d', IQN.toUpperCase()])(
    'the regular target name %s is accepted without one',
    (iqn) => {
      expect(attachRequestProblems(withPath({ iqn }))).toEqual([]);
      expect(targetNameWarning(iqn)).toBeUndefined();
    },
  );
});
