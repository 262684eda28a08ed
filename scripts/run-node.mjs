import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import process from 'node:process';
import { root } from './prepare.mjs';

/**
 * Runs node in the checkout with our input and output, and passes signals on to it.
 *
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number, interrupted: boolean }>} its exit code; as a shell tells it, 128
 * and the signal's number when a signal ended it
 */
export function runNode(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    let interrupted = false;
    const passOn = (signal) => {
      interrupted = true;
      child.kill(signal);
    };
    // A terminal sends Ctrl-C to the child as well; twice would mean "at once" to it.
    const onInterrupt = hasTerminal() ? () => (interrupted = true) : passOn;
    const handlers = { SIGINT: onInterrupt, SIGTERM: passOn, SIGHUP: passOn };
    for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const [name, handler] of Object.entries(handlers)) process.off(name, handler);
      resolve({ code: code ?? 128 + constants.signals[signal], interrupted });
    });
  });
}

function hasTerminal() {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
