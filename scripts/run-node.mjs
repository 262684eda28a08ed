import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import process from 'node:process';
import { root } from './prepare.mjs';

const CALLERS_LOOK_MS = 500;

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
    // npm or the shell it puts between us may die of a signal that nobody passes on.
    const callers = readCallers();
    const watch = setInterval(() => {
      if (readCallers() !== callers) passOn('SIGTERM');
    }, CALLERS_LOOK_MS);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearInterval(watch);
      for (const [name, handler] of Object.entries(handlers)) process.off(name, handler);
      resolve({ code: code ?? 128 + constants.signals[signal], interrupted });
    });
  });
}

/** Who started us, and on Linux who started them. */
function readCallers() {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    // `29877 (sh) S 29866 ...`; a name may hold blanks and brackets.
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${process.ppid} ${parent}`;
  } catch {
    return String(process.ppid);
  }
}

function hasTerminal() {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
