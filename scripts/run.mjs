#!/usr/bin/env node
/**
 * `node scripts/run.mjs TASK [arguments]`: makes sure of dependencies and build, then runs the task.
 * Runs before anything is installed, so it uses nothing but Node's own modules.
 */
import { spawn } from 'node:child_process';
import { prepare, needNode, root } from './prepare.mjs';

const NODE_TS = ['--import', 'tsx'];

/** What each task runs, and whether it needs `dist`. */
const TASKS = {
  build: { build: true, commands: [] },
  start: { build: true, commands: [['bin/mooring.js', 'demo']] },
  test: {
    build: true,
    commands: [['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', '--project', 'server']],
  },
  lab: { build: true, commands: [['node_modules/vitest/vitest.mjs', 'run', '--project', 'lab']] },
  check: { build: false, commands: [['scripts/check.mjs']] },
  'bench:overhead': { build: true, commands: [[...NODE_TS, 'bench/overhead.ts']] },
  'record-histories': { build: true, commands: [[...NODE_TS, 'test/replay/record.ts']] },
  schemas: { build: true, commands: [['scripts/schemas.mjs']] },
};

needNode();
const [task = '', ...more] = process.argv.slice(2);
const known = Object.hasOwn(TASKS, task) ? TASKS[task] : undefined;
if (known === undefined) {
  process.stderr.write(`Usage: node scripts/run.mjs ${Object.keys(TASKS).join('|')} [arguments]\n`);
  process.exit(2);
}
await prepare({ build: known.build });
for (const [index, command] of known.commands.entries()) {
  const last = index === known.commands.length - 1;
  const code = await run([...command, ...(last ? more : [])]);
  if (code !== 0) process.exit(code);
}

/** Runs node with inherited input and output; signals reach it through the terminal or through us. */
function run(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    const forward = (signal) => {
      child.kill(signal);
    };
    // A terminal sends SIGINT to the whole group; then the child has it already and decides.
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', forward);
    process.on('SIGHUP', forward);
    child.on('exit', (code, signal) => {
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}
