import { fileURLToPath } from 'node:url';
import type { SimulatorConfig } from '../simulator/process/process-config.js';
import { startChild, type ChildProcess } from './child-process.js';

/** The built program: processes of our own run what was built, also when tests run the sources. */
const PROGRAM = fileURLToPath(
  new URL('../../dist/simulator/simulator-process.js', import.meta.url),
);
const START_TIMEOUT_MS = 20_000;

/**
 * Starts one process that is an array and the hosts in front of it, and waits until it listens. It
 * outlives every worker, as a kernel outlives the programs on it.
 *
 * @throws Error with its last words when it does not come up
 */
export async function startSimulatedHosts(config: SimulatorConfig): Promise<ChildProcess> {
  const said: string[] = [];
  let listens: () => void = () => undefined;
  const listening = new Promise<'listening'>((resolve) => {
    listens = () => {
      resolve('listening');
    };
  });
  const child = await startChild({
    file: process.execPath,
    args: [PROGRAM, JSON.stringify(config)],
    onLine: (line) => {
      said.push(line);
      if (line.includes('"listening"')) listens();
    },
  });
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
  }, START_TIMEOUT_MS);
  const first = await Promise.race([listening, child.exited]);
  clearTimeout(timer);
  if (first === 'listening') return child;
  throw new Error(`The simulated hosts did not start: ${said.slice(-5).join(' ')}`);
}
