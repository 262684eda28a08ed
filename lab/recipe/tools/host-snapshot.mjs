import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const MULTIPATHD_TIMEOUT_MS = 30_000;

/** Everything on this host that an attach changes and a detach must put back, in a stable order. */
export async function hostSnapshot() {
  const [sessions, nodeRecords, scsiDevices, maps, wwids, links, multipathdPaths, runTree] =
    await Promise.all([
      readSessions(),
      hashTree('/etc/iscsi/nodes'),
      readScsiDevices(),
      readMaps(),
      readWwids(),
      readLinks('/dev/disk/by-id'),
      readMultipathdPaths(),
      hashTree('/run/mooring'),
    ]);
  return { sessions, nodeRecords, scsiDevices, maps, wwids, links, multipathdPaths, runTree };
}

async function readSessions() {
  const base = '/sys/class/iscsi_session';
  return each(await names(base), async (session) => {
    const connection = `/sys/class/iscsi_connection/connection${session.slice(7)}:0`;
    const address = await text(join(connection, 'persistent_address'));
    const port = await text(join(connection, 'persistent_port'));
    return {
      session,
      targetIqn: await text(join(base, session, 'targetname')),
      portal: `${address}:${port}`,
      state: await text(join(base, session, 'state')),
    };
  });
}

async function readScsiDevices() {
  const base = '/sys/class/scsi_device';
  return each(await names(base), async (hctl) => {
    const [disk] = await names(join(base, hctl, 'device/block'));
    return { hctl, disk, wwid: await text(join(base, hctl, 'device/wwid')) };
  });
}

async function readMaps() {
  const base = '/sys/block';
  const found = (await names(base)).filter((name) => name.startsWith('dm-'));
  return each(found, async (name) => ({
    name,
    uuid: await text(join(base, name, 'dm/uuid')),
    label: await text(join(base, name, 'dm/name')),
    slaves: await names(join(base, name, 'slaves')),
  }));
}

async function readWwids() {
  const lines = ((await text('/etc/multipath/wwids')) ?? '').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).sort();
}

async function readLinks(directory) {
  return each(await names(directory), async (name) => ({
    name,
    device: basename(await realpath(join(directory, name)).catch(() => 'nowhere')),
  }));
}

async function readMultipathdPaths() {
  const args = ['show', 'paths', 'raw', 'format', '%d %w'];
  const options = { timeout: MULTIPATHD_TIMEOUT_MS };
  try {
    const { stdout } = await promisify(execFile)(await multipathd(), args, options);
    // The guest's own disk is a path to nobody.
    return stdout
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('vd'))
      .sort();
  } catch {
    return ['multipathd does not answer'];
  }
}

/** The program itself, also while a stand-in is in its place (lab/genuine-tools.ts). */
async function multipathd() {
  const genuine = '/usr/lib/lab-genuine/multipathd';
  return access(genuine).then(
    () => genuine,
    () => 'multipathd',
  );
}

/** Each file below a directory, with the hash of its contents or what it links to. */
async function hashTree(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  const found = await each(entries, async (entry) => {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isDirectory()) return { path };
    if (entry.isSymbolicLink()) return { path, target: await readlink(path) };
    if (!entry.isFile()) return { path, special: true };
    const contents = await readFile(path).catch((error) => {
      if (error.code !== 'ENOENT') throw error;
    });
    // A thing that goes away while it is looked at counts as gone.
    if (contents === undefined) return undefined;
    return { path, sha256: createHash('sha256').update(contents).digest('hex') };
  });
  return found.filter(Boolean).sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** A thing that goes away while it is looked at counts as gone. */
async function text(path) {
  return readFile(path, 'utf8').then(
    (contents) => contents.trim(),
    () => undefined,
  );
}

async function names(directory) {
  return (await readdir(directory).catch(() => [])).sort();
}

function each(items, look) {
  return Promise.all(items.map(look));
}
