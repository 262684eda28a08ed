import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runProgram } from './child-process.js';
import { TEMPORAL_CLI_VERSION } from './temporal-version.js';

/** The archive has about 45 MB. */
const DOWNLOAD_TIMEOUT_MS = 300_000;

/**
 * Fetches the Temporal binary the way the SDK does for its tests: from Temporal's own download site,
 * through the proxy the environment names. The SDK checks no hash, so this comes last.
 *
 * It runs in a process of its own, because the SDK's native runtime can be set up only once in a
 * process and that is the caller's to do. The SDK knows no download without a start of the server.
 *
 * @returns the binary's path, in the directory
 * @throws Error that says why not, in one line
 */
export async function downloadTemporal(directory: string): Promise<string> {
  const version = `v${TEMPORAL_CLI_VERSION}`;
  const testing = createRequire(import.meta.url).resolve('@temporalio/testing');
  const executable = { type: 'cached-download', version, downloadDir: directory };
  const { exitCode, stderr, timedOut } = await runProgram({
    file: process.execPath,
    args: ['-e', PROGRAM, testing, JSON.stringify({ server: { executable } })],
    env: { NODE_OPTIONS: '' },
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
  });
  if (timedOut) throw new Error(`no answer within ${DOWNLOAD_TIMEOUT_MS / 1_000} s`);
  if (exitCode !== 0) throw new Error(downloadProblem(stderr));
  return join(directory, `temporal-${version}`);
}

const PROGRAM = `
const [testing, options] = process.argv.slice(1);
require(testing).TestWorkflowEnvironment.createLocal(JSON.parse(options))
  .then((environment) => environment.teardown())
  .catch((error) => { console.error(String(error.message)); process.exit(1); });
`;

/** `Failed to start ephemeral server: failed to download ephemeral server executable: REASON`. */
function downloadProblem(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  return line.replace(/^.*executable: /, '').slice(0, 200) || 'it failed without a word';
}
