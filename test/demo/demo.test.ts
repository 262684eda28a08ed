import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { eventually } from '../support/eventually.js';

const MOORING = fileURLToPath(new URL('../../bin/mooring.js', import.meta.url));
/** Three times what it takes on two busy cores. */
const DEMO_TEST_MS = 120_000;

/** In the environment of everything a demo starts. */
let marker: string;
/** Where a demo puts its files. */
let directory: string;

beforeEach(async () => {
  marker = `demo-${randomUUID()}`;
  directory = await mkdtemp(join(tmpdir(), 'demo-test-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

type Demo = ReturnType<typeof startDemo>;

function startDemo(
  options: { readonly args?: readonly string[]; readonly env?: Record<string, string> } = {},
) {
  const { args = [], env = {} } = options;
  return execa(process.execPath, [MOORING, 'demo', ...args], {
    env: { TEMPORAL_ADDRESS: '', ...env, TMPDIR: directory, DEMO_MARKER: marker },
    reject: false,
    all: true,
  });
}

describe('the demo', { timeout: DEMO_TEST_MS }, () => {
  it('attaches, survives the death of a worker, detaches, and leaves nothing', async () => {
    const { exitCode, all } = await startDemo();
    expect(all).toMatch(/State +degraded/);
    expect(all).toMatch(/Device +\/dev\/dm-0 \(multipath, 64 MiB\)/);
    expect(all).toContain('refused: AttachedElsewhere');
    expect(all).toMatch(/! kill -9 \d+: the worker of db-17 dies/);
    expect(all).toMatch(/remove the path devices.*attempt 2/);
    expect(all).toContain('on the array: "written through the multipath device"');
    expect(all).toMatch(/run +closed/);
    expect(exitCode).toBe(0);
    await expectNothingLeft();
  });

  it('goes on running when asked to, on the server it is told', async () => {
    const demo = startDemo({
      args: ['--keep'],
      env: { TEMPORAL_ADDRESS: inject('temporalAddress') },
    });
    const text = await said(demo, 'Everything goes on running');
    expect(text).toContain(`Temporal server  ${inject('temporalAddress')}`);
    // Names that are nobody else's on that server.
    expect(text).toMatch(/Attach vol-orders-[0-9a-f]{6} to db-17-/);
    expect(await ownProcesses()).not.toEqual([]);
    demo.kill('SIGINT');
    expect((await demo).exitCode).toBe(0);
    await expectNothingLeft();
  });

  it.each(['Starting', '1. Attach', '! kill -9'])(
    'leaves nothing behind when Ctrl-C comes after "%s"',
    async (moment) => {
      const demo = startDemo();
      await said(demo, moment);
      demo.kill('SIGINT');
      expect((await demo).exitCode).toBe(130);
      await expectNothingLeft();
    },
  );
});

/** Waits until the demo has said something; returns all it has said so far. */
async function said(demo: Demo, text: string): Promise<string> {
  let sofar = '';
  return new Promise<string>((resolve, reject) => {
    demo.all.on('data', (chunk: Buffer) => {
      sofar += chunk.toString();
      if (sofar.includes(text)) resolve(sofar);
    });
    demo.all.on('end', () => {
      reject(new Error(`The demo ended without saying "${text}"`));
    });
  });
}

async function expectNothingLeft(): Promise<void> {
  // What guards the processes ends a moment after the demo itself.
  await eventually(async () => expect(await ownProcesses()).toEqual([]), { withinMs: 10_000 });
  expect(await readdir(directory)).toEqual([]);
}

/** Command lines of all processes that a demo of this test has started. */
async function ownProcesses(): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.includes(marker)) {
      found.push(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'gone'));
    }
  }
  return found;
}
