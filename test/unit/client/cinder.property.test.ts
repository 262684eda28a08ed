import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { fromCinder } from '../../../src/client/cinder/from-cinder.js';
import { OperationError } from '../../../src/client/operation-error.js';
import { attachRequestProblems } from '../../../src/contract/request-problems.js';
import { attachRequestSchema } from '../../../src/model/attach-request.js';
import { IQN, SECRET } from './cinder-connections.js';

const portal = fc.constantFrom<unknown>(
  '10.0.0.1:3260',
  '10.0.1.1:3260,1',
  '[fd00::7]:3260',
  'fd00::7:3260',
  'array.example',
  '',
  null,
);
const iqn = fc.constantFrom<unknown>(IQN, `${IQN}.b`, 'eui.0123456789abcdef', '', null, 'a b', 4);
const lun = fc.constantFrom<unknown>(0, 4, '4', 300, 65_535, 70_000, -1, 1.5, null, 'x');
const flag = fc.constantFrom<unknown>(true, false, 'True', 'false', 'maybe', null, 1);
const secret = fc.constantFrom<unknown>(SECRET, '', null, 4, [SECRET], { password: SECRET });
const name = fc.constantFrom<unknown>('db-17', '', null, 'a\u0007', 4);
const method = fc.constantFrom<unknown>('CHAP', 'chap', 'None', 'KRB5', '', null);

const fields = {
  target_portal: portal,
  target_iqn: iqn,
  target_lun: lun,
  target_portals: fc.oneof(fc.array(portal, { maxLength: 4 }), portal),
  target_iqns: fc.oneof(fc.array(iqn, { maxLength: 4 }), iqn),
  target_luns: fc.oneof(fc.array(lun, { maxLength: 4 }), lun),
  target_discovered: flag,
  auth_method: method,
  auth_username: name,
  auth_password: secret,
  discovery_auth_method: method,
  discovery_auth_username: name,
  discovery_auth_password: secret,
  addressing_mode: fc.constantFrom('SAM', 'SAM2', 'SAM3-flat', 'transparent', 'SAM4', null),
  enforce_multipath: flag,
  encrypted: flag,
  access_mode: fc.constantFrom('ro', 'rw', null),
  volume_id: fc.constantFrom('vol-1', 'a/b', null, 4),
  wwn: fc.constantFrom<unknown>('3624a9370c0ffee00112233440001a2b3', 'x', null, [SECRET]),
  qos_specs: fc.jsonValue(),
};
const chap = { auth_method: 'CHAP', auth_username: 'db-17', auth_password: SECRET };
const portals = ['10.0.0.1:3260', '10.0.1.1:3260'];
const good = fc.constantFrom<object>(
  { target_portal: '10.0.0.1:3260', target_iqn: IQN, volume_id: 'vol-1' },
  { target_portal: '10.0.0.1:3260', target_iqn: IQN, target_lun: 4, ...chap },
  { target_portals: portals, target_iqns: [IQN, IQN], target_luns: [4, 4], ...chap },
  {},
);

/** What a driver gives, with a few fields as it might give them, or as nobody should. */
const data = fc
  .tuple(good, fc.record(fields), fc.subarray(Object.keys(fields), { maxLength: 4 }))
  .map(([base, all, changed]) => ({
    ...base,
    ...Object.fromEntries(Object.entries(all).filter(([field]) => changed.includes(field))),
  }));
const type = fc.constantFrom<unknown>('iscsi', 'iser', 'iscsi', 'iscsi', 'rbd', null);
const connection = fc.oneof(
  fc.record({ driver_volume_type: type, data }),
  fc.tuple(type, data).map(([driver_volume_type, flat]) => ({ driver_volume_type, ...flat })),
  data.map((flat) => ({
    attachment: { connection_info: { driver_volume_type: 'iscsi', ...flat } },
  })),
);
const options = fc.record(
  {
    volumeId: fc.constantFrom('vol-1', undefined),
    multipath: fc.constantFrom('required', 'preferred', 'off', undefined),
    discovery: fc.constantFrom(true, false, undefined),
    secretRef: fc.constantFrom('file:a', SECRET, undefined),
    discoverySecretRef: fc.constantFrom('file:b', undefined),
  },
  { requiredKeys: [] },
);

/** A request of ours, or the names of what was refused; the secret in neither. */
function outcome(info: unknown, given: object): 'request' | 'refusal' {
  const said: string[] = [];
  try {
    const request = fromCinder(info, {
      hostId: 'db-17',
      ...given,
      onWarning: (warning) => said.push(warning),
    });
    expect(attachRequestProblems(request)).toEqual([]);
    expect(attachRequestSchema.safeParse(request).error).toBeUndefined();
    expect(JSON.stringify([request, said])).not.toContain(SECRET);
    return 'request';
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    const { problems } = error.facts as { problems: { field: string; problem: string }[] };
    expect(error.type).toBe('InvalidRequest');
    expect(problems.length).toBeGreaterThan(0);
    for (const { field } of problems) expect(field).not.toBe('');
    expect(
      `${error.message} ${error.advice} ${String(error.cause)} ${JSON.stringify(problems)}`,
    ).not.toContain(SECRET);
    return 'refusal';
  }
}

describe('whatever comes in, fromCinder makes a request of ours or names what it refuses', () => {
  test.prop([connection, options], { numRuns: 3_000 })(
    'of fields as drivers have them',
    (info, given) => {
      outcome(info, given);
    },
  );

  test.prop([fc.jsonValue(), options])('of any JSON', (info, given) => {
    outcome(info, given);
  });

  test('and the one is not much rarer than the other', () => {
    const samples = fc.sample(fc.tuple(connection, options), { numRuns: 1_000, seed: 7 });
    const requests = samples.filter(([info, given]) => outcome(info, given) === 'request');
    expect(requests.length).toBeGreaterThan(100);
    expect(requests.length).toBeLessThan(900);
  });
});
