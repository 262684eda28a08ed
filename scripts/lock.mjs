import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 200;

/**
 * Does some work while no other process does work under the same lock. The lock is a file with the
 * holder's process id; one whose holder has died is taken over.
 *
 * @param {string} path - of the lock file
 * @param {() => void} work - ends the process or returns; the lock is given back either way
 */
export async function withLock(path, work) {
  while (!takeLock(path)) await pause(LOOK_MS);
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    work();
  } finally {
    release();
    process.removeListener('exit', release);
  }
}

function takeLock(path) {
  const me = String(process.pid);
  try {
    writeFileSync(path, me, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const holder = read(path);
  // Empty: it is being written just now.
  if (holder === undefined || holder === '' || isAlive(Number(holder))) return false;
  // Moved away, not removed: of two who see the same dead holder only one succeeds. Should the file
  // have been renewed in between, it goes back to its owner.
  const aside = `${path}.${me}`;
  try {
    renameSync(path, aside);
    if (read(aside) === holder) rmSync(aside);
    else renameSync(aside, path);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return false;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
