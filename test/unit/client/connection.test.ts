import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  connect,
  readConnectionSettings,
  ServerUnreachable,
} from '../../../src/client/connection.js';

let directory: string;
let file: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-connection-'));
  file = join(directory, 'temporal.toml');
  await writeFile(
    file,
    [
      '[profile.default]',
      'address = "from-file:7233"',
      'namespace = "from-file"',
      '[profile.cloud]',
      'address = "cloud:7233"',
      'api_key = "key"',
    ].join('\n'),
  );
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

describe('connection settings come', () => {
  test('from defaults when nothing is set', () => {
    const env = { TEMPORAL_CONFIG_FILE: join(directory, 'absent.toml') };
    expect(readConnectionSettings({}, env)).toEqual({
      address: '127.0.0.1:7233',
      namespace: 'default',
      options: {},
    });
  });

  test('from the profile file', () => {
    const env = { TEMPORAL_CONFIG_FILE: file };
    expect(readConnectionSettings({}, env)).toMatchObject({
      address: 'from-file:7233',
      namespace: 'from-file',
    });
  });

  test('from the environment rather than the file; an empty variable is not set', () => {
    const env = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_ADDRESS: 'env:1', TEMPORAL_NAMESPACE: '' };
    expect(readConnectionSettings({}, env)).toMatchObject({
      address: 'env:1',
      namespace: 'from-file',
    });
  });

  test('from flags rather than anything else', () => {
    const env = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_ADDRESS: 'env:1' };
    const flags = { address: 'flag:1', namespace: 'flag', profile: 'cloud' };
    expect(readConnectionSettings(flags, env)).toEqual({
      address: 'flag:1',
      namespace: 'flag',
      options: { apiKey: 'key', tls: true },
    });
  });

  test('never from a profile that is not there', () => {
    const env = { TEMPORAL_CONFIG_FILE: file };
    expect(() => readConnectionSettings({ profile: 'nowhere' }, env)).toThrow(
      expect.objectContaining({ type: 'InvalidRequest' }),
    );
  });
});

describe('a server that cannot be reached', () => {
  async function failure(address: string): Promise<ServerUnreachable> {
    const startedAt = Date.now();
    const error: unknown = await connect({ address, namespace: 'default', options: {} }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ServerUnreachable);
    expect(Date.now() - startedAt).toBeLessThan(8_000);
    return error as ServerUnreachable;
  }

  test('is named in one line, at once, when nothing listens', async () => {
    const error = await failure('127.0.0.1:1');
    expect(error).toMatchObject({ type: 'ServerUnreachable', address: '127.0.0.1:1' });
    expect(error.message).toBe('No Temporal server at 127.0.0.1:1: nothing listens there');
    expect(error.advice).toContain('TEMPORAL_ADDRESS');
  });

  test('is given up after a bound when something listens and says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const error = await failure(`127.0.0.1:${port}`);
    expect(error.message).toContain('it does not answer');
    silent.close();
  });

  test.each(['no port:here', '[::1', 'a:99999'])('%s is no address', async (address) => {
    expect((await failure(address)).message).toContain('HOST:PORT');
  });
});
