#!/usr/bin/env node
/**
 * `node scripts/run.mjs TASK [arguments]`: sees to dependencies and build, then runs the task.
 * Runs before anything is installed, so it uses nothing but Node's own modules.
 */
import process from 'node:process';
import { prepare, requireNode } from './prepare.mjs';
import { runNode } from './run-node.mjs';

const VITEST = ['node_modules/vitest/vitest.mjs', 'run'];
const TYPESCRIPT = ['--import', 'tsx'];

/** What a task runs with node, and whether it needs `dist`. Of `parts` every one is run. */
const TASKS = {
  start: { dist: true, command: ['bin/mooring.js', 'demo'] },
  build: { dist: true },

  test: { dist: true, command: [...VITEST, '--project', 'unit', '--project', 'simulator'] },
  'test:unit': { command: [...VITEST, '--project', 'unit'] },
  'test:simulator': { dist: true, command: [...VITEST, '--project', 'simulator'] },
  lab: {
    dist: true,
    command: [...VITEST, '--project', 'lab'],
    // The others take longer: `npm run lab -- reboot`, `faults`, `concurrency`.
    unlessNamed: ['lab/smoke.test.ts', 'lab/core.test.ts'],
  },
  durability: { dist: true, command: [...TYPESCRIPT, 'test/durability/main.ts'] },
  conformance: { dist: true, command: [...TYPESCRIPT, 'lab/conformance.ts'] },
  restart: { command: [...TYPESCRIPT, 'test/restart/main.ts'] },
  torture: { command: [...TYPESCRIPT, 'test/torture/main.ts'] },
  'bench:lab': { dist: true, command: [...TYPESCRIPT, 'bench/lab/bench.ts'] },
  'bench:peer': { dist: true, command: [...TYPESCRIPT, 'bench/peer/bench.ts'] },
  'bench:throughput': { dist: true, command: [...TYPESCRIPT, 'bench/throughput/bench.ts'] },
  'bench:overhead': { dist: true, command: [...TYPESCRIPT, 'bench/overhead.ts'] },

  check: { parts: ['typecheck', 'lint', 'format:check', 'lint:boundaries', 'lint:dead'] },
  typecheck: { command: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'] },
  lint: { command: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings=0'] },
  'format:check': {
    command: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
  },
  'lint:boundaries': {
    command: ['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', '--no-progress', 'src'],
  },
  'lint:dead': { command: ['node_modules/knip/bin/knip.js'] },
  format: {
    command: ['node_modules/prettier/bin/prettier.cjs', '--write', '--log-level=warn', '.'],
  },

  schemas: { dist: true, command: ['scripts/schemas.mjs'] },
  'record-histories': { dist: true, command: [...TYPESCRIPT, 'test/replay/record.ts'] },
};

requireNode();
const [name = '', ...more] = process.argv.slice(2);
if (!Object.hasOwn(TASKS, name)) {
  process.stderr.write(`Usage: node scripts/run.mjs ${Object.keys(TASKS).join('|')} [arguments]\n`);
  process.exit(2);
}
const { dist = false, command, parts, unlessNamed = [] } = TASKS[name];
await prepare({ dist });
if (command !== undefined) {
  const named = more.some((argument) => !argument.startsWith('-')) ? [] : unlessNamed;
  process.exit((await runNode([...command, ...named, ...more])).code);
}
if (parts !== undefined) process.exit(await runParts(parts));

/** Runs all parts, whatever became of those before, and names the ones that failed. */
async function runParts(names) {
  const failed = [];
  for (const part of names) {
    const since = performance.now();
    const { code, interrupted } = await runNode(TASKS[part].command);
    const seconds = ((performance.now() - since) / 1_000).toFixed(1);
    process.stdout.write(`${name}: ${part} ${code === 0 ? 'passed' : 'FAILED'} (${seconds} s)\n`);
    if (code !== 0) failed.push(part);
    if (interrupted) return code;
  }
  const verdict = failed.length === 0 ? 'all passed' : `failed: ${failed.join(', ')}`;
  process.stdout.write(`${name}: ${verdict}\n`);
  return failed.length === 0 ? 0 : 1;
}
