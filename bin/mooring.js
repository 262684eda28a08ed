#!/usr/bin/env node
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(fileURLToPath(main))) {
  await import(main.href);
} else {
  const checkout = fileURLToPath(new URL('..', import.meta.url));
  process.stderr.write(`mooring is not built: run "npm run build" in ${checkout}\n`);
  process.exitCode = 1;
}
