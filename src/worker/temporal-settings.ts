import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { SettingSources } from './settings.js';
import { firstLine, WorkerRefused } from './worker-refused.js';

/** Where Temporal is, as its own tools are told. */
export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  /** TLS, API key, metadata; never logged. */
  readonly connection: NativeConnectionOptions;
}

const DEFAULT_ADDRESS = 'localhost:7233';
const DEFAULT_NAMESPACE = 'default';

/**
 * Reads `--address`, `--namespace`, `--profile`, then `TEMPORAL_*`, then the profile in
 * `temporal.toml`.
 *
 * @throws WorkerRefused when the profile cannot be read
 */
export function readTemporalSettings({ flags, environment }: SettingSources): TemporalSettings {
  const { connectionOptions, namespace } = loadProfile({ flags, environment });
  const address = flags['address'] ?? connectionOptions.address ?? DEFAULT_ADDRESS;
  return {
    address,
    namespace: flags['namespace'] ?? namespace ?? DEFAULT_NAMESPACE,
    connection: { ...connectionOptions, address },
  };
}

function loadProfile({
  flags,
  environment,
}: SettingSources): ReturnType<typeof loadClientConnectConfig> {
  const { profile } = flags;
  const set = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  try {
    return loadClientConnectConfig({
      ...(profile === undefined ? {} : { profile }),
      overrideEnvVars: Object.fromEntries(set),
    });
  } catch (error) {
    throw new WorkerRefused(
      'setting',
      `Temporal's client profile cannot be used (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE): ${firstLine(error)}`,
      error,
    );
  }
}
