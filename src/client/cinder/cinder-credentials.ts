import { secretRefProblem } from '../../contract/secret-ref.js';
import type { CinderFields } from './cinder-fields.js';

/** Where a kind of credentials is in a connection, and how its secret is referred to. */
export interface CredentialNames {
  readonly method: string;
  readonly username: string;
  readonly password: string;
  /** The option of `fromCinder`, and the flag of `mooring attach`. */
  readonly option: string;
  readonly flag: string;
}

export const SESSION_CREDENTIALS = {
  method: 'auth_method',
  username: 'auth_username',
  password: 'auth_password',
  option: 'secretRef',
  flag: '--secret-ref',
} as const satisfies CredentialNames;

export const DISCOVERY_CREDENTIALS = {
  method: 'discovery_auth_method',
  username: 'discovery_auth_username',
  password: 'discovery_auth_password',
  option: 'discoverySecretRef',
  flag: '--discovery-secret-ref',
} as const satisfies CredentialNames;

/** Credentials of a request: whose, and where the host finds the secret. */
export interface ReferredCredentials {
  readonly username: string;
  readonly secretRef: string;
}

/**
 * Reads credentials and puts a reference in the place of the secret. The secret is only looked at
 * for being there: credentials by halves are a driver's mistake, and nobody could log in with them.
 */
export function readCinderCredentials(
  fields: CinderFields,
  names: CredentialNames,
  secretRef: string | undefined,
): ReferredCredentials | undefined {
  const before = fields.problems.length;
  const method = fields.text(names.method);
  const username = fields.text(names.username);
  const hasPassword = fields.text(names.password) !== undefined;
  if (fields.problems.length > before) return undefined;
  const isNone = method === undefined || method.toLowerCase() === 'none';
  if (isNone && username === undefined && !hasPassword) return undefined;
  if (method?.toLowerCase() !== 'chap') fields.refuse(names.method, 'must be CHAP');
  if (username === undefined) fields.refuse(names.username, BY_HALVES);
  if (!hasPassword) fields.refuse(names.password, BY_HALVES);
  else if (secretRef === undefined) fields.refuse(names.password, storeOnHost(names));
  const problem = secretRef === undefined ? undefined : secretRefProblem(secretRef);
  if (problem !== undefined) fields.problems.push({ field: names.option, problem });
  return username === undefined || secretRef === undefined ? undefined : { username, secretRef };
}

const BY_HALVES = 'must be given with the other credentials';

function storeOnHost({ option, flag }: CredentialNames): string {
  return (
    'does not travel with a request: store it on the host, as /etc/mooring/secrets/NAME that only ' +
    `root can read, and refer to it (${option}: 'file:NAME', ${flag} file:NAME)`
  );
}
