import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DirectorySecrets, secretDirectories } from '../../../src/privileged/secrets.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-secrets-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function resolved(text: string, mode = 0o600): Promise<string> {
  await writeFile(join(directory, 'array1'), text);
  await chmod(join(directory, 'array1'), mode);
  return new DirectorySecrets([directory]).resolve('file:array1');
}

test('a secret is the text of its file without the end of line', async () => {
  expect(await resolved('pass word#1\n')).toBe('pass word#1');
  expect(await resolved('x')).toBe('x');
});

test.each([
  ['0640', 0o640],
  ['0604', 0o604],
  ['0644', 0o644],
])('a secret with mode %s is refused', async (_, mode) => {
  await expect(resolved('s3cret', mode)).rejects.toMatchObject({
    name: 'SecretMissing',
    message: 'secret file:array1: is open to group or others: make it 0600 or 0400',
  });
});

test.skipIf(process.geteuid?.() !== 0)('a secret of another user is refused', async () => {
  await writeFile(join(directory, 'array1'), 's3cret', { mode: 0o600 });
  await chown(join(directory, 'array1'), 65_534, 65_534);
  await expect(new DirectorySecrets([directory]).resolve('file:array1')).rejects.toMatchObject({
    name: 'SecretMissing',
    message: "secret file:array1: belongs to another user: make it root's",
  });
});

test.each([
  ['nothing', '\n', 'is empty'],
  ['256 characters', 'x'.repeat(256), 'longer than 255 bytes'],
  ['two lines', 'a\nb\n', 'not printable ASCII'],
  ['an umlaut', 'ü', 'not printable ASCII'],
  ['a trailing blank', 's3cret \n', 'begins or ends with white space'],
])('a secret of %s is refused, and its text is not said', async (_, text, problem) => {
  const error: unknown = await resolved(text).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'SecretMissing' });
  expect(String(error)).toContain(problem);
  expect(String(error)).not.toContain('s3cret');
});

test('a secret that is not there is missing', async () => {
  const secrets = new DirectorySecrets([directory]);
  await expect(secrets.resolve('file:none')).rejects.toMatchObject({ secretRef: 'file:none' });
});

test('a directory and a device are no secrets', async () => {
  await mkdir(join(directory, 'folder'), { mode: 0o700 });
  await symlink('/dev/null', join(directory, 'device'));
  const secrets = new DirectorySecrets([directory]);
  for (const name of ['folder', 'device']) {
    await expect(secrets.resolve(`file:${name}`)).rejects.toMatchObject({
      message: `secret file:${name}: is no regular file`,
    });
  }
});

test.each(['../array1', 'file:../array1', 'file:.', 'file:', 's3cret'])(
  '"%s" is no reference, and is not repeated',
  async (reference) => {
    const error: unknown = await new DirectorySecrets([directory])
      .resolve(reference)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'SecretMissing' });
    expect(String(error)).not.toContain(reference === 'file:' ? '\0' : reference);
  },
);

test("the service's credentials come before the default directory", async () => {
  expect(secretDirectories({})).toEqual(['/etc/mooring/secrets']);
  expect(secretDirectories({ CREDENTIALS_DIRECTORY: '/run/credentials/m' })).toEqual([
    '/run/credentials/m',
    '/etc/mooring/secrets',
  ]);
  await writeFile(join(directory, 'array1'), 'first\n', { mode: 0o400 });
  const secrets = new DirectorySecrets([directory, '/nonexistent']);
  expect(await secrets.resolve('file:array1')).toBe('first');
});
