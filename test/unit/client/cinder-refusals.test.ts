import { describe, expect, test } from 'vitest';
import { fromCinder, type CinderOptions } from '../../../src/client/cinder/from-cinder.js';
import { OperationError } from '../../../src/client/operation-error.js';
import {
  connection,
  DISCOVERY_CHAP,
  IQN,
  LVM,
  NOTHING_FOUND,
  SECRET,
} from './cinder-connections.js';

const OPTIONS = { volumeId: 'vol-1', hostId: 'db-17' } as const;
const GOOD = { target_portal: '10.0.0.1:3260', target_iqn: IQN, target_lun: 4 };
const LISTS = {
  target_portals: ['10.0.0.1:3260', '10.0.1.1:3260'],
  target_iqns: [IQN, IQN],
  target_luns: [4, 4],
};
const CHAP = { auth_method: 'CHAP', auth_username: 'db-17', auth_password: SECRET };

function refusal(info: unknown, options: Partial<CinderOptions> = {}): OperationError {
  try {
    fromCinder(info, { ...OPTIONS, ...options });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    expect(error.type).toBe('InvalidRequest');
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(SECRET);
    return error;
  }
  throw new Error('it was not refused');
}

function fieldsOf({ facts }: OperationError): readonly string[] {
  return (facts['problems'] as { field: string }[]).map(({ field }) => field);
}

describe('[L13] fromCinder refuses by name', () => {
  test.each<[claim: string, field: string, data: object]>([
    ['no portal', 'data.target_portal', { ...GOOD, target_portal: undefined }],
    ['a portal that is null', 'data.target_portal', { ...GOOD, target_portal: null }],
    ['a portal that is empty', 'data.target_portal', { ...GOOD, target_portal: '' }],
    ['a portal that is none', 'data.target_portal', { ...GOOD, target_portal: '10.0.0.300:3260' }],
    [
      'IPv6 that could be an address and a port',
      'data.target_portal',
      { ...GOOD, target_portal: 'fd00::7:3260' },
    ],
    ['no target', 'data.target_iqn', { ...GOOD, target_iqn: null }],
    ['a target with white space', 'data.target_iqn', { ...GOOD, target_iqn: 'iqn. a' }],
    ['a LUN that is null', 'data.target_lun', { ...GOOD, target_lun: null }],
    ['a LUN that is no number', 'data.target_lun', { ...GOOD, target_lun: 'four' }],
    ['a LUN out of range', 'data.target_lun', { ...GOOD, target_lun: '70000' }],
    ['a portal of a list', 'data.target_portals[1]', { ...LISTS, target_portals: ['a:1', null] }],
    ['a target of a list', 'data.target_iqns[0]', { ...LISTS, target_iqns: ['', IQN] }],
    ['a LUN of a list', 'data.target_luns[1]', { ...LISTS, target_luns: [1, 1.5] }],
    ['fewer targets than portals', 'data.target_iqns', { ...LISTS, target_iqns: [IQN] }],
    ['more LUNs than portals', 'data.target_luns', { ...LISTS, target_luns: [1, 2, 3] }],
    ['targets without portals', 'data.target_portals', { ...GOOD, target_iqns: [IQN] }],
    ['a list that is none', 'data.target_portals', { ...LISTS, target_portals: '10.0.0.1:3260' }],
    [
      'more paths than there can be',
      'data.target_portals',
      {
        target_portals: Array.from({ length: 33 }, (_, index) => `10.0.0.${index + 1}:3260`),
        target_iqn: IQN,
      },
    ],
    [
      'a list that is no list of paths',
      'data.target_portals',
      { target_portals: Array.from({ length: 10_000 }, () => null), target_iqn: IQN },
    ],
    ['an unknown addressing mode', 'data.addressing_mode', { ...GOOD, addressing_mode: 'sam2' }],
    ['a flag that is none', 'data.encrypted', { ...GOOD, encrypted: 'perhaps' }],
    ['another method', 'data.auth_method', { ...GOOD, ...CHAP, auth_method: 'KRB5' }],
    ['credentials without method', 'data.auth_method', { ...GOOD, ...CHAP, auth_method: null }],
    ['a user without secret', 'data.auth_password', { ...GOOD, ...CHAP, auth_password: null }],
    ['a secret without user', 'data.auth_username', { ...GOOD, ...CHAP, auth_username: '' }],
    ['a user that cannot be', 'data.auth_username', { ...GOOD, ...CHAP, auth_username: 'a\u0007' }],
    ['a secret that is no text', 'data.auth_password', { ...GOOD, ...CHAP, auth_password: 1 }],
  ])('%s', (_claim, field, data) => {
    const info = { driver_volume_type: 'iscsi', data };
    expect(fieldsOf(refusal(info, { secretRef: 'file:a' }))).toEqual([field]);
  });

  test.each([['rbd'], ['fibre_channel'], ['nvmeof'], [null], [undefined], [4]])(
    'driver_volume_type %j',
    (driver_volume_type) => {
      const info = { driver_volume_type, data: GOOD };
      expect(fieldsOf(refusal(info))).toEqual(['driver_volume_type']);
    },
  );

  test('a driver that has found nothing', () => {
    expect(fieldsOf(refusal(NOTHING_FOUND))).toEqual([
      'data.target_portal',
      'data.target_iqn',
      'data.target_lun',
    ]);
  });

  test.each([[null], [[]], ['iscsi'], [4], [{ connection_info: null }]])(
    'what is no connection: %j',
    (info) => {
      expect(fieldsOf(refusal(info)).length).toBeGreaterThan(0);
    },
  );

  test('fields where they are in the answer of the API', () => {
    const connection_info = { driver_volume_type: 'iscsi', ...GOOD, target_portal: null };
    expect(fieldsOf(refusal({ attachment: { connection_info } }))).toEqual([
      'attachment.connection_info.target_portal',
    ]);
  });

  test('what is wrong in the connection and in the options together', () => {
    const info = connection({ ...GOOD, target_portal: '' });
    expect(fieldsOf(refusal(info, { volumeId: 'a/b', hostId: 'DB-17' }))).toEqual([
      'data.target_portal',
      'volumeId',
      'hostId',
    ]);
  });

  test('nothing that only follows from what it refuses', () => {
    const info = connection({ ...GOOD, target_portal: '' });
    const policy = { minPaths: 1 };
    expect(fieldsOf(refusal(info, { policy }))).toEqual(['data.target_portal']);
  });

  test('a volume without id', () => {
    expect(fieldsOf(refusal(connection(GOOD), { volumeId: undefined }))).toEqual(['volumeId']);
  });
});

describe('a secret in a connection', () => {
  test('is refused without a reference, and the refusal says how to store it', () => {
    const error = refusal(LVM);
    expect(fieldsOf(error)).toEqual(['data.auth_password']);
    expect(error.message).toMatch(/store it on the host.*\/etc\/mooring\/secrets\/NAME/);
    expect(error.message).toContain('--secret-ref');
  });

  test('of a discovery needs a reference of its own', () => {
    const error = refusal(DISCOVERY_CHAP, { multipath: 'required', secretRef: 'file:a' });
    expect(fieldsOf(error)).toEqual(['data.discovery_auth_password']);
    expect(error.message).toContain('--discovery-secret-ref');
  });

  test('in the place of its reference is not repeated', () => {
    const error = refusal(LVM, { secretRef: SECRET });
    expect(fieldsOf(error)).toEqual(['secretRef']);
  });
});
