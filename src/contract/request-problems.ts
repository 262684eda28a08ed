import type { ApplicationFailure } from '@temporalio/common';
import { createFailure } from './failures.js';
import {
  isFields,
  matching,
  noteProblem,
  numberProblems,
  oneOf,
  optional,
  textProblems,
  unknownFields,
  type FieldProblem,
  type Fields,
} from './field-checks.js';
import { ACCESS_MODES, HOST_ID_PATTERN, REQUEST_ID_PATTERN, VOLUME_ID_PATTERN } from './ids.js';
import { ADDRESSING_MODES, lunProblem } from './lun.js';
import { pathKey } from './path-key.js';
import { FIXED_BOUNDS, POLICY_BOUNDS, POLICY_NAMES } from './policy.js';
import { portalProblem } from './portal.js';
import { secretRefProblem } from './secret-ref.js';
import { targetNameProblem } from './target-name.js';
import { wwidProblem } from './wwid.js';

/**
 * The check of a request where zod cannot go: in the sandbox, synchronously, for callers that send
 * an update without mooring's client. Same rules as `model/attach-request.ts`; a property test holds
 * the two together.
 */

export type { FieldProblem } from './field-checks.js';

/** The failure for wrong fields, the same from client, sandbox and host. */
export function invalidRequest(problems: readonly FieldProblem[]): ApplicationFailure {
  const said = problems.map(({ field, problem }) => `${field} ${problem}`).join('; ');
  return createFailure('InvalidRequest', `Refused the request: ${said}`, { problems });
}

export const MIN_PATHS_PROBLEM = 'is more than the paths of the connection';
export const SINGLE_PATH_PROBLEM = 'is more than the one path of a volume without multipath';

/** Everything wrong with an attach request; empty when it can be carried out. */
export function attachRequestProblems(request: unknown): FieldProblem[] {
  if (!isFields(request)) return [{ field: 'the request', problem: 'must be an object' }];
  return [
    ...unknownFields('', request, [
      'volumeId',
      'hostId',
      'access',
      'connection',
      'expect',
      'multipath',
      'onBoot',
      'policy',
      'requestId',
      'requestedBy',
      'reason',
    ]),
    ...identityProblems(request),
    ...oneOf('access', request.access, ACCESS_MODES),
    ...oneOf('multipath', request.multipath, ['required', 'preferred', 'off']),
    ...oneOf('onBoot', request.onBoot, ['reattach', 'automatic', 'none']),
    ...connectionProblems(request.connection),
    ...expectProblems(request.expect),
    ...policyProblems(request.policy),
    ...minPathsProblems(request),
  ];
}

/** Which volume and host, and who asks. */
export function identityProblems(request: Fields): FieldProblem[] {
  return [
    ...textProblems('volumeId', request.volumeId, matching(VOLUME_ID_PATTERN)),
    ...textProblems('hostId', request.hostId, matching(HOST_ID_PATTERN)),
    ...optional(request.requestId, (id) =>
      textProblems('requestId', id, matching(REQUEST_ID_PATTERN)),
    ),
    ...optional(request.requestedBy, (note) => textProblems('requestedBy', note, noteProblem)),
    ...optional(request.reason, (note) => textProblems('reason', note, noteProblem)),
  ];
}

/** Credentials of a connection, and what each is of no use without. */
export const CREDENTIALS = [
  ['chap', undefined],
  ['mutualChap', 'chap'],
  ['discoveryChap', 'discovery'],
  ['discoveryMutualChap', 'discoveryChap'],
] as const;

function connectionProblems(connection: unknown): FieldProblem[] {
  if (!isFields(connection)) return [{ field: 'connection', problem: 'must be given, as object' }];
  const { paths, discovery } = connection;
  const found: FieldProblem[] = unknownFields('connection.', connection, [
    'paths',
    'discovery',
    'chap',
    'mutualChap',
    'discoveryChap',
    'discoveryMutualChap',
    'iface',
    'addressingMode',
  ]);
  if ((paths === undefined) === (discovery === undefined)) {
    const problem = 'needs either paths or discovery, and not both';
    found.push({ field: 'connection.paths', problem });
  }
  if (paths !== undefined) found.push(...pathListProblems(paths));
  if (discovery !== undefined) {
    found.push(...pathProblems('connection.discovery', discovery));
  }
  for (const [name, needed] of CREDENTIALS) {
    if (connection[name] === undefined) continue;
    const field = `connection.${name}`;
    found.push(...chapProblems(field, connection[name]));
    if (needed !== undefined && connection[needed] === undefined) {
      found.push({ field, problem: `needs ${needed} as well` });
    }
  }
  found.push(
    ...optional(connection.iface, (iface) =>
      textProblems('connection.iface', iface, matching(/^[A-Za-z0-9._:-]{1,64}$/)),
    ),
    ...oneOf('connection.addressingMode', connection.addressingMode, ADDRESSING_MODES),
  );
  return found;
}

function pathListProblems(paths: unknown): FieldProblem[] {
  const field = 'connection.paths';
  if (!Array.isArray(paths)) return [{ field, problem: 'must be a list' }];
  if (paths.length === 0) return [{ field, problem: 'is empty' }];
  if (paths.length > FIXED_BOUNDS.pathsMax) {
    return [{ field, problem: `has more than ${FIXED_BOUNDS.pathsMax} paths` }];
  }
  const found: FieldProblem[] = [];
  const seen = new Map<string, number>();
  for (const [index, path] of (paths as unknown[]).entries()) {
    const problems = pathProblems(`${field}[${index}]`, path);
    found.push(...problems);
    if (problems.length > 0) continue;
    const key = pathKey(path as { portal: string; iqn: string; lun: number });
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else found.push({ field: `${field}[${index}]`, problem: `is the same as ${first}` });
  }
  return found;
}

function pathProblems(field: string, path: unknown): FieldProblem[] {
  if (!isFields(path)) return [{ field, problem: 'must be an object' }];
  const lun = lunProblem(path.lun);
  return [
    ...unknownFields(`${field}.`, path, ['portal', 'iqn', 'lun']),
    ...textProblems(`${field}.portal`, path.portal, portalProblem),
    ...textProblems(`${field}.iqn`, path.iqn, targetNameProblem),
    ...(lun === undefined ? [] : [{ field: `${field}.lun`, problem: lun }]),
  ];
}

function chapProblems(field: string, chap: unknown): FieldProblem[] {
  if (!isFields(chap)) return [{ field, problem: 'must be an object' }];
  return [
    ...unknownFields(`${field}.`, chap, ['username', 'secretRef']),
    ...textProblems(`${field}.username`, chap.username, (name) =>
      name === '' || name.length > 255 || /\p{C}/u.test(name)
        ? 'must be 1 to 255 printable characters'
        : undefined,
    ),
    ...textProblems(`${field}.secretRef`, chap.secretRef, secretRefProblem),
  ];
}

function expectProblems(expect: unknown): FieldProblem[] {
  if (expect === undefined) return [];
  if (!isFields(expect)) return [{ field: 'expect', problem: 'must be an object' }];
  return [
    ...unknownFields('expect.', expect, ['wwid', 'sizeBytes']),
    ...optional(expect.wwid, (wwid) => textProblems('expect.wwid', wwid, wwidProblem)),
    ...optional(expect.sizeBytes, (size) =>
      numberProblems('expect.sizeBytes', size, 1, Number.MAX_SAFE_INTEGER),
    ),
  ];
}

function policyProblems(policy: unknown): FieldProblem[] {
  if (policy === undefined) return [];
  if (!isFields(policy)) return [{ field: 'policy', problem: 'must be an object' }];
  return [
    ...unknownFields('policy.', policy, POLICY_NAMES),
    ...POLICY_NAMES.flatMap((name) =>
      optional(policy[name], (value) =>
        numberProblems(`policy.${name}`, value, POLICY_BOUNDS[name].min, POLICY_BOUNDS[name].max),
      ),
    ),
  ];
}

/** More paths than listed can never be there. */
function minPathsProblems({ policy, connection, multipath }: Fields): FieldProblem[] {
  const minPaths = isFields(policy) ? policy.minPaths : undefined;
  const paths = isFields(connection) ? connection.paths : undefined;
  if (typeof minPaths !== 'number') return [];
  if (multipath === 'off' && minPaths > 1) {
    return [{ field: 'policy.minPaths', problem: SINGLE_PATH_PROBLEM }];
  }
  if (!Array.isArray(paths) || minPaths <= paths.length) return [];
  return [{ field: 'policy.minPaths', problem: MIN_PATHS_PROBLEM }];
}
