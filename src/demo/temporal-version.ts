/** Release of Temporal's command line that mooring is tested with; it holds server 1.32.0. */
export const TEMPORAL_CLI_VERSION = '1.9.1';

/** The oldest server that has everything mooring uses (CLI 1.5.1). */
export const SERVER_VERSION_MIN = '1.29.1';

/**
 * Reads the server's version from what `temporal --version` says:
 * `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)`.
 */
export function parseServerVersion(text: string): string | undefined {
  return /\bServer v?(\d+\.\d+\.\d+)/.exec(text)?.[1];
}

/** Compares versions of three numbers, part by part. */
export function isAtLeast(version: string, least: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, wanted] of least.split('.').map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
