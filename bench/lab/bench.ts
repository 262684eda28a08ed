/**
 * How long attach and detach take on a real kernel, in the lab's guest: mooring against a shell script
 * with the bare tools, a portal that is dead against none, eight volumes at once against one. All cases
 * in turn, medians; on an emulated CPU only ratios within a run mean anything.
 *
 * `npm run bench:lab [-- ROUNDS]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, spread } from '../../lab/medians.js';
import { RealHostUnderTest } from '../../lab/real-host-under-test.js';
import { Measurement, type Case, type Taken } from './measure.js';

const ROUNDS = Number(process.argv[2] ?? 5);
const VOLUMES = 8;

const healthy = { by: 'mooring', portals: 4, volumes: 1, awaitsAll: false } as const;
const CASES = {
  'mooring, 1 path': { ...healthy, portals: 1, awaitsAll: true },
  'bare tools, 1 path': { ...healthy, by: 'bare tools', portals: 1, awaitsAll: true },
  'mooring, 2 paths': { ...healthy, portals: 2, awaitsAll: true },
  'bare tools, 2 paths': { ...healthy, by: 'bare tools', portals: 2, awaitsAll: true },
  'mooring, all of 4 paths': { ...healthy, awaitsAll: true },
  'bare tools, all of 4 paths': { ...healthy, by: 'bare tools', awaitsAll: true },
  'mooring, 4 healthy portals': healthy,
  'mooring, 1 of 4 portals dropped': { ...healthy, fault: 'dropped' },
  'mooring, 1 of 4 portals resetting': { ...healthy, fault: 'resetting' },
  'mooring, 8 volumes x 4 paths': { ...healthy, volumes: VOLUMES },
  'bare tools, 8 volumes x 4 paths': { ...healthy, by: 'bare tools', volumes: VOLUMES },
} as const satisfies Record<string, Case>;
type Name = keyof typeof CASES;

/** Which case is compared with which, and the most that is wanted. */
const RATIOS: readonly { readonly of: Name; readonly to: Name; readonly wanted?: number }[] = [
  { of: 'mooring, 1 path', to: 'bare tools, 1 path', wanted: 1 },
  { of: 'mooring, 2 paths', to: 'bare tools, 2 paths', wanted: 1 },
  { of: 'mooring, all of 4 paths', to: 'bare tools, all of 4 paths', wanted: 1 },
  { of: 'mooring, 1 of 4 portals dropped', to: 'mooring, 4 healthy portals', wanted: 1.1 },
  { of: 'mooring, 1 of 4 portals resetting', to: 'mooring, 4 healthy portals', wanted: 1.1 },
  { of: 'mooring, 8 volumes x 4 paths', to: 'mooring, 4 healthy portals', wanted: 2 },
  { of: 'bare tools, 8 volumes x 4 paths', to: 'bare tools, all of 4 paths' },
  { of: 'mooring, 8 volumes x 4 paths', to: 'bare tools, 8 volumes x 4 paths' },
];

const runDirectory = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
const host = await RealHostUnderTest.start(runDirectory);
const taken = new Map<Name, Taken[]>();
try {
  await measureAll();
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`bench: ended early: ${String(error)}\n`);
} finally {
  print();
  await host.stop();
  await rm(runDirectory, { recursive: true, force: true });
}

async function measureAll(): Promise<void> {
  const volumes = [];
  for (let count = 0; count < VOLUMES; count += 1) volumes.push(await host.freshVolume());
  const measurement = new Measurement(host, volumes);
  // The first one loads modules and fills caches.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const name of Object.keys(CASES) as Name[]) {
      const one = await measurement.take(CASES[name]);
      process.stderr.write(
        `bench: ${name}: ${Math.round(one.attachMs)} / ${Math.round(one.detachMs)} ms\n`,
      );
      if (round > 0) taken.set(name, [...(taken.get(name) ?? []), one]);
    }
    process.stderr.write(`bench: round ${String(round)} of ${String(ROUNDS)} done\n`);
  }
}

function print(): void {
  const of = (name: Name, part: keyof Taken): number[] =>
    (taken.get(name) ?? []).map((one) => one[part]);
  const rows = (Object.keys(CASES) as Name[]).map((name) => [
    name,
    spread(of(name, 'attachMs')),
    spread(of(name, 'detachMs')),
  ]);
  const ratios = RATIOS.map(({ of: one, to: other, wanted }) => [
    `${one} : ${other}`,
    (median(of(one, 'attachMs')) / median(of(other, 'attachMs'))).toFixed(2),
    (median(of(one, 'detachMs')) / median(of(other, 'detachMs'))).toFixed(2),
    wanted === undefined ? '-' : `<= ${wanted.toFixed(1)}`,
  ]);
  const rounds = `medians of ${String(ROUNDS)} (least-most), ms`;
  process.stdout.write(`${table([[rounds, 'attach', 'detach'], ...rows])}\n\n`);
  process.stdout.write(`${table([['ratio', 'attach', 'detach', 'wanted'], ...ratios])}\n`);
}

function table(rows: readonly (readonly string[])[]): string {
  const width = (column: number): number =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(width(column))).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}
