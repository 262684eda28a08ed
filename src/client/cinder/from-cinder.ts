import type { FieldProblem } from '../../contract/field-checks.js';
import { attachRequestProblems, invalidRequest } from '../../contract/request-problems.js';
import type { AttachRequestInput } from '../../model/attach-request.js';
import { toOperationError } from '../operation-error.js';
import {
  DISCOVERY_CREDENTIALS,
  readCinderCredentials,
  SESSION_CREDENTIALS,
} from './cinder-credentials.js';
import { readCinderPaths } from './cinder-paths.js';
import {
  readAddressingMode,
  readEnforcedMode,
  readTransport,
  readWwid,
} from './cinder-settings.js';
import { cinderWarnings } from './cinder-warnings.js';
import { openConnection, type OpenConnection } from './open-connection.js';

/** What a connection of Cinder does not say: the rest of the request, and where secrets are. */
export interface CinderOptions extends Omit<AttachRequestInput, 'volumeId' | 'connection'> {
  /** Default: `volume_id` of the connection, or of the attachment around it. */
  readonly volumeId?: string | undefined;
  /** Where the host finds the secret of `auth_username`, e.g. `file:array1-db-17`. */
  readonly secretRef?: string | undefined;
  /** Where the host finds the secret of `discovery_auth_username`. */
  readonly discoverySecretRef?: string | undefined;
  /**
   * Whether to ask the target for its other portals when the driver named only one. Default: when
   * multipath is asked for, by `multipath` here or by `enforce_multipath` of the connection.
   */
  readonly discovery?: boolean | undefined;
  /** Name of an open-iscsi iface record. Default: `iser` for a connection of that type. */
  readonly iface?: string | undefined;
  /** Gets what the caller should know although the request can be carried out. */
  readonly onWarning?: ((warning: string) => void) | undefined;
}

/**
 * Turns what a Cinder driver hands to os-brick into an attach request: `{driver_volume_type, data}`,
 * the flat form of the attachments API, or an answer of either API as it is. Fields that say nothing
 * about reaching the volume are ignored. Passwords of the connection appear neither in the request
 * nor in an error.
 *
 * @throws OperationError `InvalidRequest` - names every field that cannot be meant; its facts are
 * `{problems: [{field, problem}]}`
 *
 * @example
 * ```ts
 * const request = fromCinder(connectionInfo, {
 *   volumeId: volume.id,
 *   hostId: 'db-17',
 *   multipath: 'preferred',
 *   secretRef: 'file:array1-db-17',
 * });
 * const deviceInfo = toDeviceInfo(await mooring.attach(request));
 * ```
 */
export function fromCinder(connectionInfo: unknown, options: CinderOptions): AttachRequestInput {
  const { volumeId, secretRef, discoverySecretRef, discovery, iface, onWarning, ...rest } = options;
  const open = openConnection(connectionInfo);
  const { data } = open;
  const transport = readTransport(open.outer);
  const multipath = rest.multipath ?? readEnforcedMode(open);
  const { paths, complete } = readCinderPaths(data);
  const asksForMore = discovery ?? (multipath === 'required' || rest.multipath === 'preferred');
  const discovers = !complete && asksForMore;
  const chap = readCinderCredentials(data, SESSION_CREDENTIALS, secretRef);
  const discoveryChap = discovers
    ? readCinderCredentials(data, DISCOVERY_CREDENTIALS, discoverySecretRef)
    : undefined;
  const wwid = readWwid(data);
  const request = {
    ...rest,
    ...given({ multipath, volumeId: volumeId ?? open.volumeId }),
    ...(wwid === undefined ? {} : { expect: { wwid, ...rest.expect } }),
    connection: {
      ...(discovers ? { discovery: paths[0] } : { paths }),
      ...given({
        chap,
        discoveryChap,
        iface: iface ?? (transport === 'iser' ? 'iser' : undefined),
        addressingMode: readAddressingMode(data),
      }),
    },
  };
  const warnings = cinderWarnings(data, {
    isOtherVolume:
      volumeId !== undefined && open.volumeId !== undefined && volumeId !== open.volumeId,
    isRefUnused: secretRef !== undefined && chap === undefined,
    isDiscoveryRefUnused: discoverySecretRef !== undefined && discoveryChap === undefined,
  });
  const problems = requestProblems(open, request);
  if (problems.length > 0) throw toOperationError(invalidRequest(problems));
  for (const warning of warnings) onWarning?.(warning);
  // Checked just now: this is what the check is for.
  return request as AttachRequestInput;
}

/** Everything wrong with the connection and the rest of the request, in the caller's names. */
function requestProblems({ outer, data }: OpenConnection, request: object): FieldProblem[] {
  const found = [...new Set([outer.problems, data.problems])].flat();
  const names: Readonly<Record<string, string>> = {
    'connection.chap.username': data.nameOf(SESSION_CREDENTIALS.username),
    'connection.discoveryChap.username': data.nameOf(DISCOVERY_CREDENTIALS.username),
    'connection.iface': 'iface',
  };
  const rest = attachRequestProblems(request)
    // What could not be read is missing in the request; that it was refused is said already.
    .filter(({ field }) => found.length === 0 || !/^(?:connection|policy\.minPaths)/.test(field))
    .map(({ field, problem }) => ({ field: names[field] ?? field, problem }));
  return [...found, ...rest];
}

/** Without the fields that are not there. */
function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
