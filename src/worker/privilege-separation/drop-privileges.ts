import { lchown, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_RUN_DIRECTORY } from '../../privileged/node-file-writer.js';
import { WorkerRefused } from '../worker-refused.js';

/** A user as `/etc/passwd` has it. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Finds a user of this machine. Accounts of a directory service are not looked for: a worker must
 * start before the network does.
 *
 * @throws WorkerRefused when there is none, or when it is root
 */
export async function requireUser(name: string): Promise<SystemUser> {
  const user = findUser(await readFile('/etc/passwd', 'utf8'), name);
  if (user === undefined) throw refused(name, 'there is no such user in /etc/passwd');
  if (user.uid === 0) throw refused(name, 'that user is root');
  return user;
}

/** Reads a line like `mooring:x:993:990::/nonexistent:/usr/sbin/nologin`. */
export function findUser(passwd: string, name: string): SystemUser | undefined {
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([user]) => user === name);
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  return Number.isInteger(uid) && Number.isInteger(gid) ? { name, uid, gid } : undefined;
}

/**
 * Makes the run directory the user's, with what an earlier worker left in it. Links are not followed.
 */
export async function handOverRunDirectory({ uid, gid }: SystemUser): Promise<void> {
  await mkdir(DEFAULT_RUN_DIRECTORY, { recursive: true, mode: 0o700 });
  const entries = await readdir(DEFAULT_RUN_DIRECTORY, { recursive: true });
  for (const entry of entries) {
    await lchown(join(DEFAULT_RUN_DIRECTORY, entry), uid, gid);
  }
  await lchown(DEFAULT_RUN_DIRECTORY, uid, gid);
}

/**
 * Becomes the user, for good.
 *
 * @throws WorkerRefused when there is a way back
 */
export function becomeUser({ name, uid, gid }: SystemUser): void {
  withInitgroups(process).initgroups(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (process.getuid?.() !== uid || process.geteuid?.() !== uid || canReturn()) {
    throw refused(name, "root's rights could not be given up");
  }
}

/** Node has it; its types (20.19) do not. */
function withInitgroups(node: object): { initgroups(user: string, gid: number): void } {
  return node as { initgroups(user: string, gid: number): void };
}

function canReturn(): boolean {
  try {
    process.setuid?.(0);
    return true;
  } catch {
    return false;
  }
}

function refused(name: string, why: string): WorkerRefused {
  return new WorkerRefused('setting', `Cannot run as ${name} (--run-as or MOORING_RUN_AS): ${why}`);
}
