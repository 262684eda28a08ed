import { fork, type ChildProcess } from 'node:child_process';

/**
 * Starts the process that keeps root's rights while the worker gives them up. It talks over Node's
 * own channel between the two, which nobody else can open.
 *
 * @param program - the helper's entry file
 */
export function startHelperProcess(program: string, args: readonly string[]): ChildProcess {
  return fork(program, [...args], {
    // Nothing of the worker's environment decides what root does. Node's pool is explained in `bin`.
    env: { UV_THREADPOOL_SIZE: '64' },
    execArgv: [],
    // What it has to say goes where the worker's words go.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}
