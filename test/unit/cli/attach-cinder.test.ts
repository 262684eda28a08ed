import { describe, expect, test } from 'vitest';
import { cli } from '../../cli/cli-harness.js';
import { connection, LVM, SECRET } from '../client/cinder-connections.js';

/** Nothing listens there, so a command that gets as far as the server says so. */
const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml' };
const FROM_STDIN = ['attach', '--cinder', '-', '--host', 'db-17'];
const MAIN = { target_portal: '10.0.0.1:3260', target_iqn: 'iqn.2026-11.io.example:array1' };

describe('attach --cinder', () => {
  test('is a request for the server, with the secret by reference', async () => {
    const run = await cli([...FROM_STDIN, '--secret-ref', 'file:array1'], {
      stdin: JSON.stringify(LVM),
      env,
    });
    expect(run).toMatchObject({ exitCode: 3, stdout: '' });
    expect(run.stderr).not.toContain(SECRET);
  });

  test('says on stderr what the caller should know', async () => {
    const encrypted = { driver_volume_type: 'iscsi', data: { ...MAIN, encrypted: true } };
    const run = await cli([...FROM_STDIN, '--volume-id', 'vol-1'], {
      stdin: JSON.stringify(encrypted),
      env,
    });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(/^warning: data\.encrypted: the raw device is attached/);
  });

  test.each([
    ['a secret without reference', 'data.auth_password', LVM, []],
    ['a secret as reference', 'secretRef', LVM, ['--secret-ref', SECRET]],
    [
      'a portal that is null',
      'data.target_portal',
      connection({ ...MAIN, target_portal: null }),
      [],
    ],
    ['a volume without id', 'volumeId', connection(MAIN), []],
    ['a host id in capitals', 'hostId', LVM, ['--secret-ref', 'file:a', '--host', 'DB-17']],
  ])('refuses %s by name, without a server', async (_claim, field, info, args) => {
    const run = await cli([...FROM_STDIN, ...args], { stdin: JSON.stringify(info), env });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain(`mooring: Refused the request: ${field}`);
    expect(run.stderr).not.toContain(SECRET);
  });

  test('refuses in the form that was asked for', async () => {
    const run = await cli([...FROM_STDIN, '-o', 'device-info'], {
      stdin: JSON.stringify(LVM),
      env,
    });
    expect(run).toMatchObject({ exitCode: 2, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({
      error: { type: 'InvalidRequest', facts: { problems: [{ field: 'data.auth_password' }] } },
    });
    expect(run.stdout).not.toContain(SECRET);
  });

  test('does not repeat a broken connection', async () => {
    const run = await cli(FROM_STDIN, { stdin: `{"auth_password": "${SECRET}" x}`, env });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).not.toContain(SECRET);
  });

  test.each([
    ['without a host', ['attach', '--cinder', '-'], "needs option '--host <id>'"],
    [
      'with a request',
      [...FROM_STDIN, '-f', '-'],
      "cannot be used with option '-f, --file <file>'",
    ],
    ['options of it alone', ['attach', '-f', '-', '--host', 'a'], 'cannot be used with option'],
    ['an unknown mode', [...FROM_STDIN, '--multipath', 'yes'], 'Allowed choices are required'],
    [
      'the device without waiting for it',
      [...FROM_STDIN, '-o', 'device-info', '--no-wait'],
      "cannot be used with option '--no-wait'",
    ],
  ])('is no command line %s', async (_claim, args, message) => {
    const run = await cli(args, { env });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain(message);
    expect(run.stderr).toContain('what to do');
  });
});
