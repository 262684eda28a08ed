import process from 'node:process';
import { ExecaRunner } from '../../src/privileged/execa-runner.js';

/**
 * A process that runs an iscsiadm and is killed, as by the kernel, as soon as that has begun.
 *
 * Arguments: the directory of the program, the directory of its output.
 */
const [programs = '', outputDirectory = ''] = process.argv.slice(2);
const runner = new ExecaRunner({ searchPath: [programs, '/usr/bin', '/bin'], outputDirectory });
// The program itself says when: it kills its parent.
await runner.run({ program: 'iscsiadm', args: [String(process.pid)], timeoutMs: 60_000 });
