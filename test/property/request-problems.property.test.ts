import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { attachRequestProblems } from '../../src/contract/request-problems.js';
import { attachRequestSchema } from '../../src/model/attach-request.js';
import { goodRequest, IQN } from '../support/requests.js';

/** Values a careless or hostile caller may put into any field. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', ' ', 'x', '4', -1, 0.5, 70_000, 1e20, [], {}, [null]),
  fc.constantFrom(
    '10.0.0.1',
    'fd00::7:3260',
    '[fd00::7]',
    '10.0.0.1:0',
    '10.0.0.300:3260',
    'a b:1',
  ),
  fc.constantFrom('iqn. x', 'iqn/x', 'i\u0007qn', 'q'.repeat(224), 'exclusive', 'SAM2', 'off'),
  fc.constantFrom('hunter2', 'file:../../etc/shadow', 'file:ok', 'Host-UPPER', 'a/b'),
  fc.string(),
  fc.integer(),
);

const places = [
  ['volumeId'],
  ['hostId'],
  ['access'],
  ['multipath'],
  ['onBoot'],
  ['requestId'],
  ['requestedBy'],
  ['reason'],
  ['unknown'],
  ['connection'],
  ['connection', 'paths'],
  ['connection', 'paths', 0],
  ['connection', 'paths', 0, 'portal'],
  ['connection', 'paths', 0, 'iqn'],
  ['connection', 'paths', 0, 'lun'],
  ['connection', 'paths', 1, 'unknown'],
  ['connection', 'discovery'],
  ['connection', 'iface'],
  ['connection', 'addressingMode'],
  ['connection', 'chap'],
  ['connection', 'chap', 'username'],
  ['connection', 'chap', 'secretRef'],
  ['connection', 'mutualChap'],
  ['connection', 'discoveryChap'],
  ['connection', 'discoveryMutualChap'],
  ['expect'],
  ['expect', 'wwid'],
  ['expect', 'sizeBytes'],
  ['policy'],
  ['policy', 'deadlineMs'],
  ['policy', 'minPaths'],
  ['policy', 'unknown'],
] as const;

type Place = readonly (string | number)[];

function fullRequest(): Record<string, unknown> {
  const chap = { username: 'db-17', secretRef: 'file:array1' };
  return {
    ...goodRequest({ expect: {}, policy: {} }),
    connection: { ...goodRequest().connection, chap },
  };
}

function withJunk(place: Place, value: unknown): unknown {
  const request = structuredClone(fullRequest());
  let parent = request as Record<string | number, unknown>;
  for (const step of place.slice(0, -1)) parent = parent[step] as typeof parent;
  const last = place.at(-1);
  if (last !== undefined) parent[last] = value;
  return request;
}

describe('the check in the sandbox and the schema of the client', () => {
  test.prop([fc.constantFrom<Place>(...places), junk], { numRuns: 3_000 })(
    'accept and refuse the same requests',
    (place, value) => {
      const request = withJunk(place, value);
      const refusedBySchema = !attachRequestSchema.safeParse(request).success;
      const problems = attachRequestProblems(request);
      expect(problems.length > 0, JSON.stringify({ request, problems })).toBe(refusedBySchema);
    },
  );

  test.prop([fc.anything()])('never throw, whatever they are given', (value) => {
    expect(Array.isArray(attachRequestProblems(value))).toBe(true);
    expect(typeof attachRequestSchema.safeParse(value).success).toBe('boolean');
  });

  test.prop([fc.integer({ min: 0, max: 65_535 })])('take every LUN in range', (lun) => {
    const paths = [{ portal: '10.0.0.1:3260', iqn: IQN, lun }];
    expect(attachRequestProblems(goodRequest({ connection: { paths } }))).toEqual([]);
  });
});
