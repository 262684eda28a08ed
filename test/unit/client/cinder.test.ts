import { describe, expect, test } from 'vitest';
import { fromCinder, type CinderOptions } from '../../../src/client/cinder/from-cinder.js';
import { attachRequestSchema, type AttachRequest } from '../../../src/model/attach-request.js';
import {
  ATTACHMENT,
  connection,
  DISCOVERY_CHAP,
  IQN,
  LISTS_AND_SINGULAR,
  LISTS_ONLY,
  LVM,
  MAIN_PORTAL,
  NETAPP,
  OTHER_IQN,
  PURE,
  SECRET,
  VOLUME_ID,
} from './cinder-connections.js';

const OPTIONS = { volumeId: 'vol-1', hostId: 'db-17' } as const;
const REFS = { secretRef: 'file:array1', discoverySecretRef: 'file:array1-discovery' } as const;

/** The request, filled in as the host gets it. */
function adapted(info: unknown, options: Partial<CinderOptions> = {}): AttachRequest {
  const request = fromCinder(info, { ...OPTIONS, ...options });
  expect(JSON.stringify(request)).not.toContain(SECRET);
  return attachRequestSchema.parse(request);
}

function single(data: object, options: Partial<CinderOptions> = {}): AttachRequest {
  const good = { target_portal: '10.0.0.1:3260', target_iqn: IQN, target_lun: 4 };
  return adapted(connection({ ...good, ...data }), options);
}

describe('a connection of', () => {
  test('LVM is its one path with the secret by reference', () => {
    const request = adapted(LVM, { secretRef: 'file:array1' });
    expect(request).toMatchObject({ volumeId: 'vol-1', hostId: 'db-17', multipath: 'preferred' });
    expect(request.connection).toEqual({
      paths: [{ portal: '10.0.0.1:3260', iqn: IQN, lun: 0 }],
      chap: { username: 'db-17', secretRef: 'file:array1' },
      iface: 'default',
      addressingMode: 'SAM',
    });
  });

  test.each([
    ['a driver that gives lists and singular fields', LISTS_AND_SINGULAR, 4],
    ['NetApp, whose discovery credentials are not needed with lists', NETAPP, 7],
  ])('%s is all its paths', (_claim, info, lun) => {
    const { connection: found } = adapted(info, { ...REFS, multipath: 'required' });
    expect(found.discovery).toBeUndefined();
    expect(found.discoveryChap).toBeUndefined();
    expect(found.paths).toEqual([
      { portal: '10.0.0.1:3260', iqn: IQN, lun },
      { portal: '10.0.1.1:3260', iqn: IQN, lun },
    ]);
  });

  test('Pure Storage keeps the LUN of each array, SAM2 and who the volume is', () => {
    const request = adapted(PURE);
    expect(request.connection).toMatchObject({
      addressingMode: 'SAM2',
      paths: [
        { portal: '10.0.0.1:3260', iqn: IQN, lun: 300 },
        { portal: '[fd00::7]:3260', iqn: IQN, lun: 300 },
        { portal: '10.0.8.1:3260', iqn: OTHER_IQN, lun: 12 },
      ],
    });
    expect(request.expect).toEqual({ wwid: '3624a9370c0ffee00112233440001a2b3' });
  });

  test('3PAR, Hitachi and Huawei needs no singular fields, and may have a target for each port', () => {
    expect(adapted(LISTS_ONLY).connection.paths).toEqual([
      { portal: '10.0.0.1:3260', iqn: `${IQN}.port0`, lun: 1 },
      { portal: '10.0.1.1:3260', iqn: `${IQN}.port1`, lun: 1 },
    ]);
  });

  test('the attachments API is read as it is, and flat', () => {
    const { connection_info: flat } = ATTACHMENT.attachment;
    const paths = [{ portal: '10.0.0.1:3260', iqn: IQN, lun: 3 }];
    for (const given of [ATTACHMENT, flat, { connection_info: flat }]) {
      expect(adapted(given).connection).toMatchObject({ paths });
    }
  });

  test('a volume with an id of its own needs no other', () => {
    expect(fromCinder(ATTACHMENT, { hostId: 'db-17' })).toMatchObject({ volumeId: VOLUME_ID });
    const { volume_id: _id, ...nameless } = ATTACHMENT.attachment.connection_info;
    const around = { attachment: { volume_id: VOLUME_ID, connection_info: nameless } };
    expect(fromCinder(around, { hostId: 'db-17' })).toMatchObject({ volumeId: VOLUME_ID });
  });
});

describe('further portals', () => {
  const discovery = { portal: '10.0.0.1:3260', iqn: IQN, lun: 5 };

  test.each<[claim: string, options: Partial<CinderOptions>]>([
    ['multipath is preferred', { multipath: 'preferred' }],
    ['multipath is required', { multipath: 'required' }],
    ['it is asked for', { discovery: true }],
  ])('are asked for at the main one when %s', (_claim, options) => {
    const { connection: found } = adapted(MAIN_PORTAL, options);
    expect(found.discovery).toEqual(discovery);
    expect(found.paths).toBeUndefined();
  });

  test.each<[claim: string, options: Partial<CinderOptions>]>([
    ['nothing is said of multipath', {}],
    ['multipath is off', { multipath: 'off' }],
    ['it is said that there are none', { multipath: 'required', discovery: false }],
  ])('are not asked for when %s', (_claim, options) => {
    expect(adapted(MAIN_PORTAL, options).connection.paths).toEqual([discovery]);
  });

  const main = { target_portal: '10.0.0.1:3260', target_iqn: IQN, target_lun: 5 };
  test.each([
    ['in the data', { driver_volume_type: 'iscsi', data: { ...main, enforce_multipath: true } }],
    ['beside it', { driver_volume_type: 'iscsi', data: main, enforce_multipath: 'True' }],
    ['flat', { driver_volume_type: 'iscsi', ...main, enforce_multipath: true }],
  ])('are asked for when multipath is enforced, %s', (_where, info) => {
    expect(adapted(info)).toMatchObject({ multipath: 'required', connection: { discovery } });
    // The caller's own word counts more.
    expect(adapted(info, { multipath: 'off' })).toMatchObject({
      multipath: 'off',
      connection: { paths: [discovery] },
    });
  });

  test('are asked for with credentials of their own', () => {
    const { connection: found } = adapted(DISCOVERY_CHAP, { ...REFS, multipath: 'preferred' });
    expect(found).toMatchObject({
      chap: { username: 'db-17', secretRef: 'file:array1' },
      discoveryChap: { username: 'chap_user', secretRef: 'file:array1-discovery' },
    });
  });
});

describe('fields as drivers write them:', () => {
  test.each([
    ['a trailing tpgt', '10.0.0.1:3260,1', '10.0.0.1:3260'],
    ['a tpgt nobody knows', '10.0.0.1:3260,-1', '10.0.0.1:3260'],
    ['no port', '10.0.0.1', '10.0.0.1:3260'],
    ['a host name', 'array.example:3261', 'array.example:3261'],
    ['a host name without port', 'array.example', 'array.example:3260'],
    ['IPv6 in brackets without port', '[fd00::7]', '[fd00::7]:3260'],
    ['all of IPv6 and a port', '2001:db8:0:0:0:0:0:7:3260', '[2001:db8:0:0:0:0:0:7]:3260'],
    ['IPv6 and a port that is no group', 'fd00::7:13260', '[fd00::7]:13260'],
    ['IPv6 whose end is no port', 'fd00::a', '[fd00::a]:3260'],
    ['IPv6 with tpgt', '[fd00::7]:3260,1', '[fd00::7]:3260'],
  ])('%s', (_claim, target_portal, portal) => {
    expect(single({ target_portal }).connection.paths).toMatchObject([{ portal }]);
  });

  test('a LUN as text, and none', () => {
    expect(single({ target_lun: '12' }).connection.paths).toMatchObject([{ lun: 12 }]);
    expect(single({ target_lun: undefined }).connection.paths).toMatchObject([{ lun: 0 }]);
    const lists = { target_portals: ['10.0.0.1:3260', '10.0.1.1:3260'], target_iqns: [IQN, IQN] };
    const paths = [{ lun: 4 }, { lun: 4 }];
    expect(single(lists).connection.paths).toMatchObject(paths);
    expect(single({ ...lists, target_luns: ['4', 4] }).connection.paths).toMatchObject(paths);
  });

  test('a list of portals of one target', () => {
    const target_portals = ['10.0.0.1:3260', '10.0.1.1:3260'];
    expect(single({ target_portals }).connection.paths).toMatchObject([{ iqn: IQN }, { iqn: IQN }]);
  });

  test('lists that are empty, beside singular fields', () => {
    const none = { target_portals: [], target_iqns: null, target_luns: [] };
    expect(single(none).connection.paths).toHaveLength(1);
  });

  test('the same path several times, however it is spelled', () => {
    const { paths } = single({
      target_portals: ['10.0.0.1:3260', '10.0.0.1:3260,1', '[FD00::7]:3260', '[fd00:0::7]:3260'],
      target_iqns: [IQN, IQN.toUpperCase(), IQN, IQN],
      target_luns: [4, '4', 4, 4],
    }).connection;
    expect(paths).toMatchObject([{ portal: '10.0.0.1:3260' }, { lun: 4 }]);
  });

  test.each(['SAM', 'SAM2', 'SAM3-flat', 'transparent'])('addressing mode %s', (mode) => {
    const { addressingMode } = single({ addressing_mode: mode }).connection;
    expect(addressingMode).toBe(mode);
  });

  test('a type in capitals, and iser as the iface of that name', () => {
    const data = { target_portal: '10.0.0.1:3260', target_iqn: IQN };
    expect(adapted({ driver_volume_type: 'ISCSI', data }).connection.iface).toBe('default');
    const iser = { driver_volume_type: 'iser', data };
    expect(adapted(iser).connection.iface).toBe('iser');
    expect(adapted(iser, { iface: 'ib0' }).connection.iface).toBe('ib0');
  });

  test('a method that says that there is none', () => {
    const none = { auth_method: 'None', auth_username: '', auth_password: null };
    expect(single(none).connection.chap).toBeUndefined();
  });

  test('a WWN that may be that of a port is not taken for the volume', () => {
    expect(single({ wwn: '5001405abcdef012' }).expect).toEqual({});
    expect(single({ wwn: ['5001405abcdef012'] }).expect).toEqual({});
  });

  test('what the caller expects counts more than what the driver says', () => {
    const wwid = '36001405bea237473c2c4f98b14c7c293';
    expect(adapted(PURE, { expect: { wwid, sizeBytes: 4096 } }).expect).toEqual({
      wwid,
      sizeBytes: 4096,
    });
  });
});

describe('the caller is warned', () => {
  function warningsOf(info: object, options: Partial<CinderOptions> = {}): readonly string[] {
    const warnings: string[] = [];
    fromCinder(info, { ...OPTIONS, ...options, onWarning: (warning) => warnings.push(warning) });
    return warnings;
  }
  const data = { target_portal: '10.0.0.1:3260', target_iqn: IQN };
  const info = (change: object): object => ({
    driver_volume_type: 'iscsi',
    data: { ...data, ...change },
  });

  test.each<[about: string, field: string, info: object, options?: Partial<CinderOptions>]>([
    ['an encrypted volume', 'data.encrypted', info({ encrypted: true })],
    ['an encrypted volume, as text', 'data.encrypted', info({ encrypted: 'True' })],
    ['a volume to be read only', 'data.access_mode', info({ access_mode: 'ro' })],
    ['an id of another volume', 'volumeId', info({ volume_id: 'vol-2' })],
    ['a secret nobody asks for', 'secretRef', info({}), { secretRef: 'file:a' }],
    [
      'a discovery secret nobody asks for',
      'discoverySecretRef',
      info({}),
      { discoverySecretRef: 'file:a' },
    ],
  ])('of %s', (_about, field, given, options) => {
    expect(warningsOf(given, options)).toEqual([expect.stringContaining(`${field}: `)]);
  });

  test('of nothing else', () => {
    expect(warningsOf(LISTS_AND_SINGULAR, { volumeId: VOLUME_ID })).toEqual([]);
  });
});
