import { describe, expect, test } from 'vitest';
import { cli } from '../../cli/cli-harness.js';
import { goodRequest, IQN } from '../../support/requests.js';

/** Nothing listens there, so a command that gets as far as the server says so. */
const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml' };
const path = { portal: '10.0.0.1:3260', iqn: IQN, lun: 4 };
const SECRET = 'hunter2hunter2';

function withPath(change: object): unknown {
  return { ...goodRequest(), connection: { paths: [{ ...path, ...change }] } };
}

function withConnection(change: object): unknown {
  return { ...goodRequest(), connection: { paths: [path], ...change } };
}

const MALFORMED: readonly [claim: string, field: string, request: unknown][] = [
  ['a portal without port', 'connection.paths[0].portal', withPath({ portal: '10.0.0.1' })],
  ['IPv6 without brackets', 'connection.paths[0].portal', withPath({ portal: 'fd00::7:3260' })],
  ['white space in a target name', 'connection.paths[0].iqn', withPath({ iqn: 'iqn.2026 a' })],
  [
    'a control character in a target name',
    'connection.paths[0].iqn',
    withPath({ iqn: 'iqn\u0007' }),
  ],
  ['a slash in a target name', 'connection.paths[0].iqn', withPath({ iqn: '../../etc' })],
  ['a target name of 224 bytes', 'connection.paths[0].iqn', withPath({ iqn: 'i'.repeat(224) })],
  ['a LUN as text', 'connection.paths[0].lun', withPath({ lun: '4' })],
  ['a LUN out of range', 'connection.paths[0].lun', withPath({ lun: 65_536 })],
  ['no paths', 'connection.paths', withConnection({ paths: [] })],
  ['the same path twice', 'connection.paths[1]', withConnection({ paths: [path, path] })],
  ['an unknown access mode', 'access', { ...goodRequest(), access: 'both' }],
  ['a volume id with a slash', 'volumeId', goodRequest({ volumeId: 'a/b' })],
  ['a host id in capitals', 'hostId', goodRequest({ hostId: 'DB-17' })],
  ['a request id with a tilde', 'requestId', goodRequest({ requestId: 'a~b' })],
  [
    'a secret in the place of its reference',
    'connection.chap.secretRef',
    withConnection({ chap: { username: 'u', secretRef: SECRET } }),
  ],
  [
    'a secret in a field of its own',
    'connection.chap.password',
    withConnection({ chap: { username: 'u', secretRef: 'file:a', password: SECRET } }),
  ],
];

describe('attach refuses by name, without a server,', () => {
  test.each(MALFORMED)('%s', async (_claim, field, request) => {
    const run = await cli(['attach', '-f', '-'], { stdin: JSON.stringify(request), env });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    const [what, advice] = run.stderr.split('\n');
    expect(what).toContain(`mooring: Refused the request: ${field}`);
    expect(advice).toMatch(/^ {2}what to do: /);
    expect(run.stderr).not.toContain(SECRET);
  });

  test('every wrong field at once, with -o json for programs', async () => {
    const request = { ...goodRequest({ volumeId: 'a/b', hostId: 'DB-17' }), extra: 1 };
    const run = await cli(['attach', '-f', '-', '-o', 'json'], {
      stdin: JSON.stringify(request),
      env,
    });
    expect(run).toMatchObject({ exitCode: 2, stderr: '' });
    const { error } = JSON.parse(run.stdout) as { error: { facts: { problems: object[] } } };
    expect(error).toMatchObject({ type: 'InvalidRequest', exitCode: 2 });
    expect(error.facts.problems).toMatchObject([
      { field: 'volumeId' },
      { field: 'hostId' },
      { field: 'extra' },
    ]);
  });

  test.each([
    ['text that is not JSON', '{"volumeId": ', 'standard input is not JSON: it ends early'],
    ['JSON with a slip', '{"a": 1,\n "b" 2}', 'standard input is not JSON, see line 2'],
    ['JSON that is no object', '[1]', 'must hold one JSON object'],
    ['a secret in broken JSON', `{"secretRef": "${SECRET}" x}`, 'is not JSON'],
  ])('%s', async (_claim, stdin, message) => {
    const run = await cli(['attach', '-f', '-'], { stdin, env });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toContain(SECRET);
  });

  test('a file that is not there', async () => {
    const run = await cli(['attach', '-f', '/nonexistent/request.json'], { env });
    expect(run).toMatchObject({ exitCode: 2 });
    expect(run.stderr).toContain('/nonexistent/request.json cannot be read (ENOENT)');
  });
});

describe('detach refuses by name, without a server,', () => {
  test.each([
    ['a missing volume', 'volumeId', []],
    ['a volume id with a slash', 'volumeId', ['a/b', '--host', 'db-17']],
    ['a host id in capitals', 'hostId', ['vol-1', '--host', 'DB-17']],
    ['a request id with a slash', 'requestId', ['vol-1', '--request-id', 'a/b']],
  ])('%s', async (_claim, field, args) => {
    const run = await cli(['detach', ...args], { env });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(`Refused the request: ${field}`);
  });
});

describe('without a server', () => {
  const commands: readonly (readonly string[])[] = [
    ['attach', '-f', '-'],
    ['detach', 'vol-1'],
    ['status', 'vol-1'],
    ['list'],
    ['history', 'vol-1'],
    ['setup'],
  ];
  test.each(commands.map((args) => [args[0] ?? '', args] as const))(
    '%s says in two lines where it looked and what to set, and ends with 3',
    async (_name, args) => {
      const run = await cli(args, { stdin: JSON.stringify(goodRequest()), env });
      expect(run).toEqual({
        exitCode: 3,
        stdout: '',
        stderr:
          'mooring: No Temporal server at 127.0.0.1:1: nothing listens there\n' +
          '  what to do: start one with `mooring server`, or set --address or TEMPORAL_ADDRESS ' +
          'to a running one\n',
      });
    },
  );

  test('a stack is printed only when it is asked for', async () => {
    const run = await cli(['list'], { env: { ...env, MOORING_DEBUG: '1' } });
    expect(run.stderr).toMatch(/\n {4}at /);
  });
});

describe('a wrong command line ends with 2', () => {
  test.each([
    ['an unknown command', ['attatch'], 'unknown command'],
    ['an unknown option', ['list', '--hots', 'a'], 'unknown option'],
    ['a missing argument', ['status'], 'missing required argument'],
    ['a missing option', ['attach'], 'required option'],
    ['an unknown format', ['list', '-o', 'yaml'], 'Allowed choices are table, json'],
    ['an unknown state', ['list', '--state', 'fine'], 'Allowed choices'],
    ['a time that is none', ['detach', 'v', '--timeout', 'soon'], 'write a time like'],
    ['an unknown schema', ['schema', 'volume'], 'There is no schema volume'],
    ['a host worker without host id', ['worker', 'host'], '--host-id (or MOORING_HOST_ID)'],
    ['a profile that is not there', ['list', '--profile', 'nowhere'], 'profile cannot be used'],
    ['more arguments than there are', ['status', 'a', 'b'], 'too many arguments'],
  ])('%s', async (_claim, args, message) => {
    const run = await cli(args, { env });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain(message);
    expect(run.stderr).toContain('what to do');
  });
});

describe('help goes to stdout and ends with 0', () => {
  test.each([
    [['--help'], 'Commands:'],
    [['help', 'attach'], '--request-id'],
    [['help', 'exit-codes'], '124  '],
    [['exit-codes'], '130  '],
    [['--version'], '0.'],
    [['schema'], '"attachRequest"'],
    [['schema', 'detachResult'], '"wasAttached"'],
  ])('%j', async (args, text) => {
    const run = await cli(args, { env });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain(text);
  });
});
