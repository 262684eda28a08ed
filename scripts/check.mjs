/** Everything a commit must pass, each part named; runs them all and says which failed. */
import { spawnSync } from 'node:child_process';
import { root } from './prepare.mjs';

const PARTS = [
  ['types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']],
  ['lint', ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings=0', '--cache', '--cache-location', 'node_modules/.cache/eslint/']],
  ['format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.']],
  ['import arrows', ['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.cjs', 'src']],
  ['dead code', ['node_modules/knip/bin/knip.js']],
];

const failed = [];
for (const [name, args] of PARTS) {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stdout.write(`check: ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`);
  if (status !== 0) failed.push(name);
}
process.stdout.write(
  failed.length === 0 ? 'check: all passed\n' : `check: failed: ${failed.join(', ')}\n`,
);
process.exit(failed.length === 0 ? 0 : 1);
