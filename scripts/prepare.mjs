/** Installs dependencies when missing or stale, builds when stale. Node's own modules only. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.mooring-installed');
const lock = join(root, '.mooring-preparing');
/** Longer than any install or build: whoever holds the lock longer has died. */
const LOCK_STALE_MS = 600_000;

/** Ends the process with one clear line when Node is too old. */
export function needNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 3)) return;
  process.stderr.write(`mooring needs Node 20.3 or newer; this is ${process.version}\n`);
  process.exit(2);
}

/** @param {{ build: boolean }} options */
export async function prepare({ build }) {
  await locked(() => {
    if (!isInstalled()) {
      step('installing dependencies', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
      writeFileSync(stamp, wanted());
    }
    if (build) {
      step('', process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
    }
  });
}

function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted();
}

/** What the dependencies were installed from. */
function wanted() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json']) {
    const text = readFileSync(join(root, file), 'utf8');
    hash.update(file === 'package.json' ? dependenciesOf(text) : text);
  }
  return hash.digest('hex');
}

function dependenciesOf(text) {
  const { dependencies, devDependencies } = JSON.parse(text);
  return JSON.stringify({ dependencies, devDependencies });
}

function step(said, command, args) {
  if (said !== '') process.stderr.write(`mooring: ${said} ...\n`);
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    // Data of the task itself goes to stdout; ours must not mix with it.
    stdio: ['ignore', 2, 2],
  });
  if (status === 0) return;
  process.stderr.write(`mooring: ${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}\n`);
  process.exit(1);
}

/** Two commands started at once must not install at once. */
async function locked(work) {
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (Date.now() - since > LOCK_STALE_MS) rmSync(lock, { recursive: true, force: true });
      else await pause(200);
    }
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  try {
    work();
  } finally {
    release();
    process.removeListener('exit', release);
  }
}
