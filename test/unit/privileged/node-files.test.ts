import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ifPresent } from '../../../src/host/file-tree.js';
import { deviceNumber, NodeFileTree } from '../../../src/privileged/node-file-tree.js';
import {
  NodeFileWriter,
  openUnnamedFile,
  writablePlaces,
} from '../../../src/privileged/node-file-writer.js';

const files = new NodeFileTree();
let root: string;
let writer: NodeFileWriter;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mooring-files-'));
  writer = new NodeFileWriter({
    attributes: [join(root, 'sys')],
    files: [
      { path: join(root, 'run'), staging: join(root, 'run', 'staged') },
      { path: join(root, 'links') },
    ],
  });
  await mkdir(join(root, 'sys'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

test('files of the kernel, which state no size, are read whole', async () => {
  expect(await files.readText('/proc/sys/kernel/random/boot_id')).toMatch(/^[0-9a-f-]{36}\n$/);
  expect(await files.readText('/proc/self/mountinfo')).toContain(' / ');
});

test('a file of more than 1 MiB is refused', async () => {
  await writeFile(join(root, 'large'), 'x'.repeat(1_048_577));
  await expect(files.readText(join(root, 'large'))).rejects.toMatchObject({ code: 'EFBIG' });
});

test('names are listed sorted, and links are resolved', async () => {
  await writeFile(join(root, 'sys', 'b'), '');
  await symlink('b', join(root, 'sys', 'a'));
  expect(await files.list(join(root, 'sys'))).toEqual(['a', 'b']);
  expect(await files.realPath(join(root, 'sys', 'a'))).toBe(join(root, 'sys', 'b'));
});

test('what a program has open is a block device only when it is one', async () => {
  const file = await open('/dev/null', 'r');
  const others = await open(join(root), 'r');
  try {
    expect(await files.blockNumber(`/proc/self/fd/${file.fd}`)).toBeUndefined();
    expect(await files.blockNumber(`/proc/self/fd/${others.fd}`)).toBeUndefined();
    await expect(files.blockNumber('/proc/self/fd/9999')).rejects.toMatchObject({
      code: 'ENOENT',
    });
  } finally {
    await file.close();
    await others.close();
  }
});

test.each([
  [0x810n, '8:16'],
  [0xfd03n, '253:3'],
  [0x12345n, '291:69'],
  [0x10000805n, '8:65541'],
])('the number %i is %s', (rdev, text) => {
  expect(deviceNumber(rdev)).toBe(text);
});

test('what is not there is absent, what is no directory is not a directory without names', async () => {
  expect(await ifPresent(files.readText(join(root, 'none')))).toBeUndefined();
  await expect(files.readText(root)).rejects.toMatchObject({ code: 'EISDIR' });
});

test('an attribute that is not there is not made', async () => {
  const path = join(root, 'sys', 'delete');
  await expect(writer.writeAttribute(path, '1')).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readdir(join(root, 'sys'))).toEqual([]);
});

test('an attribute is written without being emptied first', async () => {
  const path = join(root, 'sys', 'scan');
  await writeFile(path, 'abcdef');
  await writer.writeAttribute(path, '0 0');
  expect(await readFile(path, 'utf8')).toBe('0 0def');
});

test('a file is replaced as a whole, in directories of its own, with its mode', async () => {
  const path = join(root, 'run', 'claims', 'a.json');
  await writer.replaceFile(path, 'one', 0o640);
  await writer.replaceFile(path, 'two', 0o600);
  expect(await readFile(path, 'utf8')).toBe('two');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(root, 'run', 'claims'))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(root, 'run', 'claims'))).toEqual(['a.json']);
});

test('the unfinished file lies in the staging directory, and does not stay', async () => {
  const path = join(root, 'run', 'nodes', 'iqn', 'record');
  await mkdir(path, { recursive: true });
  await expect(writer.replaceFile(path, 'text', 0o600)).rejects.toMatchObject({ code: 'EISDIR' });
  expect(await readdir(join(root, 'run'))).toEqual(['nodes', 'staged']);
  expect(await readdir(join(root, 'run', 'staged'))).toEqual([]);
});

test('what a killed process left unfinished is gone with the first write of the next', async () => {
  const staging = join(root, 'run', 'staged');
  await mkdir(staging, { recursive: true });
  await writeFile(join(staging, 'record.1021.20'), 'node.session.auth.password = half a sec');

  await writer.replaceFile(join(root, 'run', 'a'), 'one', 0o600);
  expect(await readdir(staging)).toEqual([]);

  await writeFile(join(staging, 'record.of-another-call'), 'under way');
  await writer.replaceFile(join(root, 'run', 'a'), 'two', 0o600);
  expect(await readdir(staging)).toEqual(['record.of-another-call']);
});

test('a place without a staging directory is one from which files are only removed', async () => {
  const path = join(root, 'links', 'wwn-1');
  await expect(writer.replaceFile(path, 'text', 0o600)).rejects.toMatchObject({ code: 'EACCES' });
  await mkdir(join(root, 'links'));
  await symlink('../sda', path);
  await writer.removeFile(path);
  expect(await readdir(join(root, 'links'))).toEqual([]);
});

test('removing what is not there is fine', async () => {
  const path = join(root, 'run', 'a');
  await writer.removeFile(path);
  await writer.replaceFile(path, '', 0o600);
  await writer.removeFile(path);
  expect(await readdir(join(root, 'run'))).toEqual(['staged']);
});

test('nothing is written outside the places of the writer', async () => {
  const outside = [join(root, 'other'), `${root}/run/../other`, join(root, 'running'), 'run/a'];
  for (const path of outside) {
    await expect(writer.replaceFile(path, '', 0o600)).rejects.toMatchObject({ code: 'EACCES' });
    await expect(writer.removeFile(path)).rejects.toMatchObject({ code: 'EACCES' });
    await expect(writer.writeAttribute(path, '1')).rejects.toMatchObject({ code: 'EACCES' });
  }
  expect(writablePlaces('/run/x').files).toContainEqual({
    path: '/run/x',
    staging: '/run/x/staged',
  });
});

test('a file is kept where there is one, and nothing is made where there is none', async () => {
  const path = join(root, 'run', 'wwids');
  await writer.keepFile(path);
  await writer.replaceFile(path, 'a line', 0o600);
  await writer.keepFile(path);
  expect(await readFile(path, 'utf8')).toBe('a line');
  expect(await readdir(root)).toEqual(['run', 'sys']);
});

test('an unnamed file leaves no name behind', async () => {
  const directory = join(root, 'run', 'output');
  const file = await openUnnamedFile(directory);
  await file.write('words');
  expect(await readdir(directory)).toEqual([]);
  await file.close();
});
