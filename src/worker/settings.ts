import type { NativeConnectionOptions } from '@temporalio/worker';
import { z } from 'zod';
import { hostIdSchema } from '../model/formats.js';
import { secretDirectories } from '../privileged/secrets.js';
import { WorkerRefused } from './worker-refused.js';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where Temporal is; the client library reads it, from flags, `TEMPORAL_*` and the profile. */
export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  /** Never logged. */
  readonly options: Pick<NativeConnectionOptions, 'apiKey' | 'metadata' | 'tls'>;
}

/** What every worker is told. */
export interface WorkerSettings {
  readonly temporal: TemporalSettings;
  readonly logLevel: LogLevel;
  /** Where Prometheus fetches metrics, `0.0.0.0:9464`; absent: no metrics. */
  readonly metricsAddress?: string;
  /** What is odd but does not stop the worker; logged at its start. */
  readonly warnings: readonly string[];
}

/** What a host worker is told. */
export interface HostWorkerSettings extends WorkerSettings {
  readonly hostId: string;
  /** Where secrets are looked for, in this order. */
  readonly secretsDirectories: readonly string[];
  /** Socket of a simulated host; absent: this machine. */
  readonly simulatedHost?: string;
  /** User the worker becomes once its privileged helper runs; absent: it stays who it is. */
  readonly runAs?: string;
}

/** Values as they come from the command line: by flag name in camel case. */
/** Flags by the names the settings have. A name that is none would be a flag that does not hold. */
export type SettingFlags = Readonly<Partial<Record<SettingName, string | undefined>>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where settings come from. A flag beats the environment, which beats the default. */
export interface SettingSources {
  readonly temporal: TemporalSettings;
  readonly flags: SettingFlags;
  readonly environment: Environment;
}

/** One setting, by its name among the flags: its two public names and what it may be. */
interface SettingRule<Schema extends z.ZodType<unknown, string | undefined>> {
  readonly flag: string;
  readonly environment: string;
  readonly schema: Schema;
}

const pathSchema = z.string().regex(/^\/[^\0]*$/, 'must be an absolute path');

const RULES = {
  logLevel: {
    flag: 'log-level',
    environment: 'MOORING_LOG_LEVEL',
    schema: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  },
  metricsAddress: {
    flag: 'metrics-address',
    environment: 'MOORING_METRICS_ADDRESS',
    schema: z
      .string()
      .regex(/^(?:\[[0-9a-fA-F:]+\]|\d+\.\d+\.\d+\.\d+):\d{1,5}$/, 'must be IP:PORT')
      .optional(),
  },
  hostId: {
    flag: 'host-id',
    environment: 'MOORING_HOST_ID',
    // No default: a host name may change, and with it the queue in which work waits for this host.
    schema: hostIdSchema,
  },
  secretsDirectory: {
    flag: 'secrets-directory',
    environment: 'MOORING_SECRETS_DIRECTORY',
    schema: pathSchema.optional(),
  },
  simulated: {
    flag: 'simulated',
    environment: 'MOORING_SIMULATED_HOST',
    schema: pathSchema.optional(),
  },
  runAs: {
    flag: 'run-as',
    environment: 'MOORING_RUN_AS',
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,31}\$?$/, 'must be the name of a user')
      .optional(),
  },
} as const satisfies Record<string, SettingRule<z.ZodType<unknown, string | undefined>>>;

type SettingName = keyof typeof RULES;

/** @throws WorkerRefused - one line that names the setting by flag and variable */
export function readControlSettings(sources: SettingSources): WorkerSettings {
  const metricsAddress = readSetting('metricsAddress', sources);
  return {
    temporal: sources.temporal,
    logLevel: readSetting('logLevel', sources),
    ...(metricsAddress === undefined ? {} : { metricsAddress }),
    warnings: unknownVariables(sources.environment),
  };
}

/** @throws WorkerRefused - one line that names the setting by flag and variable */
export function readHostSettings(sources: SettingSources): HostWorkerSettings {
  const simulatedHost = readSetting('simulated', sources);
  const secretsDirectory = readSetting('secretsDirectory', sources);
  const runAs = readSetting('runAs', sources);
  return {
    ...readControlSettings(sources),
    hostId: readSetting('hostId', sources),
    secretsDirectories:
      secretsDirectory === undefined ? secretDirectories(sources.environment) : [secretsDirectory],
    ...(simulatedHost === undefined ? {} : { simulatedHost }),
    ...(runAs === undefined ? {} : { runAs }),
  };
}

function readSetting<Name extends SettingName>(
  name: Name,
  { flags, environment }: Pick<SettingSources, 'flags' | 'environment'>,
): z.output<(typeof RULES)[Name]['schema']> {
  const rule = RULES[name];
  // An empty variable is how systemd units and compose files say "not set".
  const value = flags[name] ?? (environment[rule.environment] || undefined);
  const parsed = rule.schema.safeParse(value);
  if (parsed.success) return parsed.data as z.output<(typeof RULES)[Name]['schema']>;
  const setting = `--${rule.flag} (or ${rule.environment})`;
  const [issue] = parsed.error.issues;
  throw new WorkerRefused(
    'setting',
    value === undefined
      ? `${setting} must be given`
      : `${setting} ${issue?.message ?? 'is not valid'}, not ${JSON.stringify(value)}`,
  );
}

/** Variables of mooring that are not settings of a worker. */
const OTHER_VARIABLES = /^MOORING_(?:DEBUG$|(?:SIMULATOR|TEST|LAB|BENCH)_)/;

/** A misspelt variable would otherwise be a setting that silently does not hold. */
function unknownVariables(environment: Environment): string[] {
  const known = new Set<string>(Object.values(RULES).map((rule) => rule.environment));
  return Object.keys(environment)
    .filter((name) => name.startsWith('MOORING_'))
    .filter((name) => !known.has(name) && !OTHER_VARIABLES.test(name))
    .map((name) => `environment variable ${name} is not a setting of mooring`);
}
