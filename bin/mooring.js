#!/usr/bin/env node
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { setFlagsFromString } = require('node:v8');

/**
 * A write to a sysfs attribute of a device in error recovery holds a thread of Node's pool until the
 * kernel lets go; with the default of 4 such threads a host worker would soon read no file any more.
 * Node looks at this once, before its first use of the pool, which loading an ES module is already:
 * that is why this file is none.
 */
process.env.UV_THREADPOOL_SIZE ??= '64';

/**
 * A host's memory is for what runs there: a host worker's new objects get no more room than at the
 * start, of which loading its modules would else make the most already. Measured after 20 volumes: 133
 * MB resident instead of 162.
 */
if (process.argv.slice(2, 4).join(' ') === 'worker host') {
  setFlagsFromString('--semi-space-growth-factor=1');
}

const main = join(__dirname, '..', 'dist', 'cli', 'main.js');
if (existsSync(main)) {
  void import(pathToFileURL(main).href);
} else {
  process.stderr.write(`mooring is not built: run "npm run build" in ${join(__dirname, '..')}\n`);
  process.exitCode = 1;
}
