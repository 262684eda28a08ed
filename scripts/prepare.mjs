/**
 * Makes a fresh clone fit to run: the right Node, installed dependencies, a fresh build.
 * Runs before anything is installed, so it uses nothing but Node's own modules.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The Temporal SDK's floor; in package.json as `engines`. */
const NODE_MIN = [20, 3];

/** npm's own record of what is in node_modules. */
const NPM_RECORD = join(root, 'node_modules', '.package-lock.json');
/** Note of what was installed. */
const INSTALLED = join(root, 'node_modules', '.mooring-installed');
const CACHE = join(root, 'node_modules', '.cache', 'mooring');
/** Hash of what was built. */
const BUILT = join(CACHE, 'built');
/** tsc's own note of what it emitted; see tsconfig.build.json. */
const BUILD_INFO = join(CACHE, 'build.tsbuildinfo');
const DIST = join(root, 'dist');

/** Ends the process with one clear line when Node is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  fail(`mooring needs Node ${NODE_MIN.join('.')} or newer, this is ${process.version}`);
}

/**
 * Installs what is missing or stale and, if asked, builds. Safe when several run at once: one works,
 * the others wait and find it done.
 */
export async function prepare({ dist }) {
  if (isInstalled() && (!dist || isBuilt())) return;
  await withLock(join(root, '.mooring-preparing'), () => {
    if (!isInstalled()) install();
    if (dist && !isBuilt()) build();
  });
}

function install() {
  // Somebody may have done it by hand with npm.
  if (!agreesWithLockfile()) {
    say('installing dependencies (npm ci)');
    // Development tools are needed whatever NODE_ENV says.
    run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  writeFileSync(INSTALLED, wantedDependencies());
}

function isInstalled() {
  return existsSync(NPM_RECORD) && readIfThere(INSTALLED) === wantedDependencies();
}

/**
 * Of package.json only what decides on dependencies: an edited script installs nothing. The time is
 * that of npm's last work, which may have been to take something away.
 */
function wantedDependencies() {
  const { dependencies, devDependencies, overrides } = readJson('package.json');
  return hashOf([
    JSON.stringify({ dependencies, devDependencies, overrides }),
    readFileSync(join(root, 'package-lock.json'), 'utf8'),
    String(statSync(NPM_RECORD).mtimeMs),
  ]);
}

/** Compares what is in node_modules, by npm's record, with the lockfile. */
function agreesWithLockfile() {
  if (!existsSync(NPM_RECORD)) return false;
  const wanted = readJson('package-lock.json').packages;
  const present = JSON.parse(readFileSync(NPM_RECORD, 'utf8')).packages;
  const { dependencies, devDependencies } = readJson('package.json');
  const top = wanted[''];
  if (
    JSON.stringify([top.dependencies, top.devDependencies]) !==
    JSON.stringify([dependencies, devDependencies])
  )
    return false;
  // Optional ones are mostly for other platforms.
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || optional === true || present[path]?.version === version,
  );
}

function build() {
  say('building');
  mkdirSync(CACHE, { recursive: true });
  // tsc does not look whether what it once emitted is still there.
  if (!existsSync(join(DIST, 'cli', 'main.js'))) rmSync(BUILD_INFO, { force: true });
  const wanted = wantedBuild();
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  removeOrphans(DIST);
  // Made once here, a control worker starts some seconds sooner; it sees by itself when it is stale.
  run(process.execPath, ['dist/worker/bundle-workflows.js']);
  writeFileSync(BUILT, wanted);
}

function isBuilt() {
  return existsSync(join(DIST, 'cli', 'main.js')) && readIfThere(BUILT) === wantedBuild();
}

/** Names, sizes and times of everything that goes into the build. */
function wantedBuild() {
  const inputs = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  for (const folder of ['src', 'types']) {
    for (const name of readdirSync(join(root, folder), { recursive: true }).sort()) {
      inputs.push(join(folder, name));
    }
  }
  return hashOf(
    inputs.map((path) => {
      // Absent: an editor's temporary file that was there a moment ago.
      const { size, mtimeMs } = statSync(join(root, path), { throwIfNoEntry: false }) ?? {};
      return `${path} ${size} ${mtimeMs}`;
    }),
  );
}

/** Removes output whose source has gone; tsc leaves it, and it would still be imported and shipped. */
function removeOrphans(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const source = join(root, 'src', path.slice(DIST.length + 1));
    if (entry.isDirectory()) {
      if (existsSync(source)) removeOrphans(path);
      else rmSync(path, { recursive: true });
    } else {
      const output = /^(.*)\.(?:js|js\.map|d\.ts)$/.exec(source);
      if (output !== null && !existsSync(`${output[1]}.ts`)) rmSync(path);
    }
  }
}

function run(command, args) {
  // Standard output belongs to the task; what is said here goes to standard error.
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  fail(`${[command, ...args].join(' ')} failed${error === undefined ? '' : `: ${error.message}`}`);
}

function hashOf(texts) {
  return createHash('sha256').update(texts.join('\0')).digest('hex');
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function readJson(name) {
  return JSON.parse(readFileSync(join(root, name), 'utf8'));
}

function say(text) {
  process.stderr.write(`mooring: ${text} ...\n`);
}

function fail(text) {
  process.stderr.write(`mooring: ${text}\n`);
  process.exit(1);
}
