import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Program to the Debian package that has it. */
const NEEDED = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  debootstrap: 'debootstrap',
  mke2fs: 'e2fsprogs',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  xz: 'xz-utils',
} as const;

const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
const INSTALL_TIMEOUT_MS = 300_000;

/** What is on root's path is on ours: a user's own path often lacks the sbin directories. */
export const TOOL_ENVIRONMENT: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_DIRECTORIES].join(delimiter),
};

/**
 * Makes sure of the programs the lab needs outside the guest; installs them where it may.
 *
 * @throws an error that names each missing package, where it may not
 */
export async function ensureHostTools(): Promise<void> {
  const missing = await missingPackages();
  if (missing.length === 0) return;
  const advice = `apt-get update && apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || !(await isProgram('apt-get'))) {
    throw new Error(`The lab needs packages this machine lacks. As root: ${advice}`);
  }
  const options = {
    env: { ...TOOL_ENVIRONMENT, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: INSTALL_TIMEOUT_MS,
  };
  await run('apt-get', ['update', '-q'], options);
  await run('apt-get', ['install', '-qy', '--no-install-recommends', ...missing], options);
  const still = await missingPackages();
  if (still.length > 0) throw new Error(`The lab lacks ${still.join(', ')} after: ${advice}`);
}

async function missingPackages(): Promise<string[]> {
  const missing = new Set<string>();
  for (const [program, package_] of Object.entries(NEEDED)) {
    if (!(await isProgram(program))) missing.add(package_);
  }
  return [...missing];
}

async function isProgram(name: string): Promise<boolean> {
  for (const directory of (TOOL_ENVIRONMENT['PATH'] ?? '').split(delimiter)) {
    const found = await access(join(directory, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
