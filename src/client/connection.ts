import { hostname, userInfo } from 'node:os';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { OperationError, toOperationError } from './operation-error.js';
import { isAddress, whyUnreachable } from './reachability.js';

/**
 * Where Temporal is, as far as a command line says it.
 *
 * @example
 * ```ts
 * const flags: ConnectionFlags = { address: 'temporal.internal:7233', namespace: 'storage' };
 * ```
 */
export interface ConnectionFlags {
  /** `host:port` */
  readonly address?: string;
  readonly namespace?: string;
  /** Name of a profile in Temporal's own client configuration. */
  readonly profile?: string;
}

/**
 * Where Temporal is, complete.
 *
 * @example
 * ```ts
 * const settings: ConnectionSettings = { address: '127.0.0.1:7233', namespace: 'default', options: {} };
 * ```
 */
export interface ConnectionSettings {
  readonly address: string;
  readonly namespace: string;
  /** From Temporal's client configuration; never print it. */
  readonly options: Pick<ProfileOptions, 'apiKey' | 'tls' | 'metadata'>;
}

type ProfileOptions = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

export const DEFAULT_ADDRESS = '127.0.0.1:7233';
export const DEFAULT_NAMESPACE = 'default';

/** A server that answers does so well below this; one that does not is reported then. */
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * No connection to the Temporal server. One line says where it was looked for.
 *
 * @example
 * ```ts
 * if (error instanceof ServerUnreachable) process.stderr.write(`${error.message}: ${error.advice}\n`);
 * ```
 */
export class ServerUnreachable extends OperationError {
  override readonly name = 'ServerUnreachable';
  /** `host:port` */
  readonly address: string;

  constructor(address: string, why: string, cause?: unknown) {
    super({
      type: 'ServerUnreachable',
      message: `No Temporal server at ${address}: ${why}`,
      facts: { address },
      cause,
    });
    this.address = address;
  }
}

/**
 * Reads where Temporal is: flags, then `TEMPORAL_*` variables, then the profile in `temporal.toml`,
 * then `127.0.0.1:7233` and namespace `default`. The same sources as Temporal's own tools.
 *
 * @throws OperationError `InvalidRequest` when the profile cannot be read
 *
 * @example
 * ```ts
 * const settings = readConnectionSettings({ namespace: 'storage' });
 * ```
 */
export function readConnectionSettings(
  flags: ConnectionFlags = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): ConnectionSettings {
  const { connectionOptions, namespace } = loadProfile(flags.profile, env);
  const { apiKey, tls, metadata } = connectionOptions;
  const address = flags.address ?? connectionOptions.address ?? DEFAULT_ADDRESS;
  return {
    address,
    namespace: flags.namespace ?? namespace ?? DEFAULT_NAMESPACE,
    options: {
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(tls === undefined || tls === null ? {} : { tls }),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}

function loadProfile(
  profile: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ReturnType<typeof loadClientConnectConfig> {
  const set = Object.entries(env).filter(
    // An empty variable is how unit and compose files say "not set".
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  try {
    return loadClientConnectConfig({
      ...(profile === undefined ? {} : { profile }),
      overrideEnvVars: Object.fromEntries(set),
    });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new OperationError({
      type: 'InvalidRequest',
      message: `Temporal's client profile cannot be used: ${said}`,
      advice: 'check --profile, TEMPORAL_PROFILE and TEMPORAL_CONFIG_FILE',
      cause: error,
    });
  }
}

/**
 * Connects within 5 s, or says in one line why not. Close it with `client.connection.close()`.
 *
 * @throws ServerUnreachable, or OperationError `AccessDenied`
 *
 * @example
 * ```ts
 * const client = await connect(readConnectionSettings());
 * const mooring = new MooringClient(client);
 * ```
 */
export async function connect(settings: ConnectionSettings): Promise<Client> {
  const { address, namespace, options } = settings;
  if (!isAddress(address)) throw new ServerUnreachable(address, 'it is not of the form HOST:PORT');
  let connection: Connection | undefined;
  try {
    connection = Connection.lazy({ ...options, address, connectTimeout: CONNECT_TIMEOUT_MS });
    const refusal = whyUnreachable(address, CONNECT_TIMEOUT_MS);
    const why = await Promise.race([connection.ensureConnected(), refusal]);
    if (typeof why === 'string') throw new ServerUnreachable(address, why);
    return new Client({ connection, namespace, identity: ownIdentity() });
  } catch (error) {
    await connection?.close();
    if (error instanceof OperationError) throw error;
    const known = toOperationError(error);
    if (known.type === 'AccessDenied') throw known;
    throw new ServerUnreachable(address, 'it does not answer', error);
  }
}

/** Who asks, in every history: self-declared, like `requestedBy`. */
function ownIdentity(): string {
  return `${ownUser()}@${hostname()}`;
}

function ownUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in containers.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
