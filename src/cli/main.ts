import { processContext } from './context.js';
import { runCli } from './run-cli.js';

/** What is still open after a command's end, a cancelled poll for example, is not waited for. */
const LINGER_MS = 500;

// `mooring list | head -1` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

process.exitCode = await runCli(processContext(), process.argv.slice(2));
setTimeout(() => process.exit(), LINGER_MS).unref();
