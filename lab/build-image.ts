import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFile,
  copyFile,
  cp,
  link,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ensureHostTools, TOOL_ENVIRONMENT } from './host-tools.js';

const run = promisify(execFile);

const RECIPE = join(import.meta.dirname, 'recipe');
const TOOLS = join(RECIPE, 'tools');
const SUITE = 'bookworm';
/** A cold build takes three minutes on two idle cores, and more than ten where others want them too. */
const BUILD_TIMEOUT_MS = 1_800_000;
const LOCK_LOOK_INTERVAL_MS = 500;
/** Images nobody has booted for so long go when a new one is built. */
const KEEP_UNUSED_MS = 14 * 24 * 3_600_000;
/** In the name of what is being built; the lock makes sure that it is one thing at a time. */
const DRAFT = '.draft-';

/** What a guest boots from; all of it is shared between runs and never written to. */
export interface GuestImage {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
  /** Node and the agent, on a disk of their own: they change more often than the Debian below. */
  readonly toolsDisk: string;
}

/**
 * The guest's image from the cache, or built by the recipe: minutes the first time, then nothing.
 *
 * The cache is outside the checkout, one directory for each recipe; `MOORING_LAB_CACHE` moves it.
 *
 * @param packages - Debian packages that few need: with them it is another image, beside the usual one
 */
export async function ensureGuestImage(packages: readonly string[] = []): Promise<GuestImage> {
  await ensureHostTools();
  const recipe = await hashFiles(RECIPE, (path) => !path.startsWith(TOOLS));
  const tools = await hashFiles(TOOLS, () => true);
  const directory = join(cacheDirectory(), [recipe, ...packages].join('+'));
  const toolsDisk = join(directory, `tools-${process.version}-${tools}.img`);
  await mkdir(cacheDirectory(), { recursive: true });
  await withLock(join(cacheDirectory(), 'lock'), async () => {
    if (!(await exists(directory))) await buildImage(directory, packages);
    if (!(await exists(toolsDisk))) await buildToolsDisk(toolsDisk);
    await markUsed([directory, ...Object.values(imageIn(directory, toolsDisk))]);
  });
  return imageIn(directory, toolsDisk);
}

function imageIn(directory: string, toolsDisk: string): GuestImage {
  return {
    disk: join(directory, 'disk.img'),
    kernel: join(directory, 'vmlinux'),
    initrd: join(directory, 'initrd.img'),
    toolsDisk,
  };
}

function cacheDirectory(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return process.env['MOORING_LAB_CACHE'] ?? join(base, 'mooring', 'lab');
}

async function buildImage(directory: string, packages: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error('Only root can build the guest image: run the lab once as root.');
  }
  await removeUnused(cacheDirectory());
  const draft = await mkdtemp(`${directory}${DRAFT}`);
  const log = join(cacheDirectory(), 'build.log');
  process.stderr.write(`lab: building the guest image, log in ${log}\n`);
  const started = performance.now();
  try {
    const mirror = await debianMirror();
    const recipe = join(draft, 'recipe');
    await cp(RECIPE, recipe, { recursive: true });
    await appendFile(join(recipe, 'packages.txt'), packages.map((name) => `${name}\n`).join(''));
    await runLogged([join(recipe, 'build-root.sh'), recipe, draft, mirror ?? ''], log);
    await rm(recipe, { recursive: true });
    await rename(draft, directory);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  const seconds = Math.round((performance.now() - started) / 1_000);
  process.stderr.write(`lab: guest image built in ${String(seconds)} s\n`);
}

async function runLogged(command: readonly string[], log: string): Promise<void> {
  const output = await open(log, 'w');
  try {
    // Its own process and mount namespaces: whatever ends us ends all of it, mounts included.
    const contained = ['--mount', '--pid', '--fork', '--kill-child', ...command];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...contained], {
      env: TOOL_ENVIRONMENT,
      stdio: ['ignore', output.fd, output.fd],
      timeout: BUILD_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    if (code !== 0) {
      const lines = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-5);
      throw new Error(`The guest image could not be built; ${log} ends:\n${lines.join('\n')}`);
    }
  } finally {
    await output.close();
  }
}

/** The mirror this machine's own apt uses for the suite; debootstrap's default where it has none. */
async function debianMirror(): Promise<string | undefined> {
  const args = ['indextargets', '--format', '$(CODENAME) $(ORIGIN) $(REPO_URI)'];
  const listed = await run('apt-get', [...args, 'Created-By: Packages']).catch(() => undefined);
  for (const line of listed?.stdout.split('\n') ?? []) {
    const [codename, origin, uri] = line.split(' ');
    if (codename === SUITE && origin === 'Debian' && uri !== '') return uri;
  }
  return undefined;
}

async function buildToolsDisk(disk: string): Promise<void> {
  await removeUnused(dirname(disk));
  const draft = await mkdtemp(`${disk}${DRAFT}`);
  try {
    const tree = join(draft, 'tree');
    await mkdir(join(tree, 'bin'), { recursive: true });
    await cp(TOOLS, tree, { recursive: true });
    await copyFile(process.execPath, join(tree, 'bin', 'node'));
    const { size } = await stat(process.execPath);
    const mebibytes = Math.ceil(size / 1_048_576) + 32;
    const image = join(draft, 'disk.img');
    const options = ['-q', '-t', 'ext4', '-O', '^has_journal', '-L', 'mooring-tools', '-d', tree];
    await run('mke2fs', [...options, image, `${String(mebibytes)}M`], { env: TOOL_ENVIRONMENT });
    await rename(image, disk);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Holds a lock file with our process id in it; one whose holder is gone is nobody's. */
async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  const end = performance.now() + 2 * BUILD_TIMEOUT_MS;
  const mine = `${path}.${String(process.pid)}`;
  await writeFile(mine, String(process.pid));
  try {
    while (!(await tryLink(mine, path))) {
      const holder = Number(await readFile(path, 'utf8').catch(() => '0'));
      if (holder !== 0 && !isAlive(holder)) await rm(path, { force: true });
      else if (performance.now() > end)
        throw new Error(`${path} is held by process ${String(holder)}`);
      else await pause(LOCK_LOOK_INTERVAL_MS);
    }
    try {
      await work();
    } finally {
      await rm(path, { force: true });
    }
  } finally {
    await rm(mine, { force: true });
  }
}

async function tryLink(existing: string, path: string): Promise<boolean> {
  try {
    await link(existing, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function markUsed(paths: readonly string[]): Promise<void> {
  const now = new Date();
  for (const path of paths) await utimes(path, now, now);
}

/** What nobody has booted from for long, and drafts of builders that were killed. */
async function removeUnused(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const { mtimeMs } = await stat(path);
    const unused = mtimeMs < Date.now() - KEEP_UNUSED_MS;
    if (unused || name.includes(DRAFT)) await rm(path, { recursive: true, force: true });
  }
}

async function hashFiles(root: string, take: (path: string) => boolean): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.filter(take).sort()) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(await readFile(file))
      .update('\0');
  }
  return hash.digest('hex');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
