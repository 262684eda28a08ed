import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConnectionSettings, type ConnectionSettings } from '../client/connection.js';
import { findExistingServer, startDevServer } from './dev-server.js';

/** The server of a demo, and how the demo's processes find it. */
export interface DemoServer {
  readonly settings: ConnectionSettings;
  /** Added to the environment of the workers. */
  readonly environment: Readonly<Record<string, string>>;
  /** Shared with others and there afterwards. */
  readonly isForeign: boolean;
  readonly uiUrl?: string;
  stop(): Promise<void>;
}

/**
 * The server named by `TEMPORAL_ADDRESS`, or one of our own.
 *
 * @param directory - takes the client profile of the demo's processes
 */
export async function findDemoServer(
  directory: string,
  onProgress: (line: string) => void,
): Promise<DemoServer> {
  if (findExistingServer() !== undefined) {
    return {
      settings: readConnectionSettings(),
      environment: withoutOwnSettings('MOORING_'),
      isForeign: true,
      stop: () => Promise.resolve(),
    };
  }
  const own = await startDevServer({ onProgress });
  const { address, namespace, uiUrl } = own;
  return {
    settings: { address, namespace, options: {} },
    environment: {
      ...withoutOwnSettings('MOORING_'),
      // The user's profile is for another server; an address alone would be mixed with its TLS.
      ...withoutOwnSettings('TEMPORAL_'),
      TEMPORAL_CONFIG_FILE: emptyProfile(directory),
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
    },
    isForeign: false,
    ...(uiUrl === undefined ? {} : { uiUrl }),
    stop: () => own.stop(),
  };
}

/** An empty file will not do: the SDK (1.24.0) wants the table of profiles to be there. */
function emptyProfile(directory: string): string {
  const path = join(directory, 'temporal.toml');
  writeFileSync(path, '[profile.default]\n');
  return path;
}

/** What the user has set for workers of his own; empty means not set. */
function withoutOwnSettings(prefix: string): Record<string, string> {
  const names = Object.keys(process.env).filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name, '']));
}
