import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { msNumberToTs } from '@temporalio/common/lib/time.js';
import { SEARCH_ATTRIBUTES } from '../contract/search-attributes.js';
import { firstLine, WorkerRefused } from './worker-refused.js';

/** `temporal.api.enums.v1.IndexedValueType` by the SDK's names. */
const VALUE_TYPES = {
  TEXT: 1,
  KEYWORD: 2,
  INT: 3,
  DOUBLE: 4,
  BOOL: 5,
  DATETIME: 6,
  KEYWORD_LIST: 7,
} as const;

/** gRPC status codes. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

/** Servers read namespaces and search attributes anew every 10 to 60 s. */
const USABLE_TIMEOUT_MS = 90_000;
const LOOK_INTERVAL_MS = 250;
/** How long the history of a detached volume, its audit, is kept in a namespace that we make. */
const RETENTION_MS = 30 * 86_400_000;

/** The two services of a server that a set-up needs; any connection has them. */
export type ServerServices = Pick<Connection, 'workflowService' | 'operatorService'>;

export interface SetUpOptions {
  readonly connection: ServerServices;
  readonly namespace: string;
  /** Makes the namespace when there is none. */
  readonly createNamespace?: boolean;
}

/** What a set-up did. */
export interface SetUpResult {
  readonly namespace: string;
  readonly namespaceCreated: boolean;
  /** Search attributes it registered; the others were there. */
  readonly registered: readonly string[];
}

/**
 * Makes a namespace fit for mooring: search attributes registered and usable. May be repeated.
 *
 * @throws WorkerRefused `not-ready` - no namespace, no permission, an attribute of another type
 */
export async function setUpNamespace(options: SetUpOptions): Promise<SetUpResult> {
  const { connection, namespace, createNamespace = false } = options;
  const namespaceCreated = await ensureNamespace(connection, namespace, createNamespace);
  const known = await untilAnswered(() => knownAttributes(connection, namespace));
  const wrong = SEARCH_ATTRIBUTES.filter(
    ({ name, type }) => (known[name] ?? VALUE_TYPES[type]) !== VALUE_TYPES[type],
  );
  if (wrong.length > 0) {
    const said = wrong.map(({ name, type }) => `${name} is not of type ${type}`).join(', ');
    throw new WorkerRefused(
      'not-ready',
      `Namespace ${namespace} has search attributes of other types: ${said}; remove them or use another namespace`,
    );
  }
  const missing = SEARCH_ATTRIBUTES.filter(({ name }) => known[name] === undefined);
  if (missing.length > 0) {
    await register(connection, namespace, missing);
  }
  await untilAnswered(() => queryByAttributes(connection, namespace));
  return { namespace, namespaceCreated, registered: missing.map(({ name }) => name) };
}

/** @returns whether it was made just now */
async function ensureNamespace(
  { workflowService }: ServerServices,
  namespace: string,
  create: boolean,
): Promise<boolean> {
  try {
    await workflowService.describeNamespace({ namespace });
    return false;
  } catch (error) {
    if (statusCode(error) !== NOT_FOUND) throw refused(`look at namespace ${namespace}`, error);
  }
  if (!create) {
    throw new WorkerRefused(
      'not-ready',
      `There is no namespace ${namespace}: make it with --create-namespace, or name another with --namespace or TEMPORAL_NAMESPACE`,
    );
  }
  try {
    await workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msNumberToTs(RETENTION_MS),
    });
  } catch (error) {
    // Somebody made it meanwhile.
    if (statusCode(error) === ALREADY_EXISTS) return false;
    throw refused(`create namespace ${namespace}`, error);
  }
  return true;
}

async function knownAttributes(
  { operatorService }: ServerServices,
  namespace: string,
): Promise<Readonly<Record<string, number | undefined>>> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  return customAttributes;
}

async function register(
  { operatorService }: ServerServices,
  namespace: string,
  missing: readonly (typeof SEARCH_ATTRIBUTES)[number][],
): Promise<void> {
  const searchAttributes = Object.fromEntries(
    missing.map(({ name, type }) => [name, VALUE_TYPES[type]]),
  );
  try {
    await operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    if (statusCode(error) === ALREADY_EXISTS) return;
    throw refused(`register search attributes in namespace ${namespace}`, error);
  }
}

/** A look that uses every attribute: it fails for as long as the server does not know one. */
async function queryByAttributes(
  { workflowService }: ServerServices,
  namespace: string,
): Promise<void> {
  const query = SEARCH_ATTRIBUTES.map(({ name }) => `${name} IS NOT NULL`).join(' AND ');
  await workflowService.countWorkflowExecutions({ namespace, query });
}

/** Repeats a look until the server knows what was just made. */
async function untilAnswered<Seen>(look: () => Promise<Seen>): Promise<Seen> {
  const deadline = Date.now() + USABLE_TIMEOUT_MS;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      const hopeless = [PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED].includes(
        statusCode(error) ?? 0,
      );
      if (hopeless || Date.now() > deadline) throw refused('look at search attributes', error);
    }
    await pause(LOOK_INTERVAL_MS);
  }
}

function statusCode(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number'
    ? error.code
    : undefined;
}

function refused(what: string, error: unknown): WorkerRefused {
  const code = statusCode(error);
  const hint =
    code === PERMISSION_DENIED || code === UNIMPLEMENTED || code === UNAUTHENTICATED
      ? '; these credentials may not: have an operator of the server do it'
      : '';
  return new WorkerRefused(
    'not-ready',
    `The server does not let us ${what}: ${firstLine(error)}${hint}`,
    error,
  );
}
