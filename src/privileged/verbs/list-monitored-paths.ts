import { FIXED_BOUNDS } from '../../contract/policy.js';
import { parsePathLines } from '../../host/multipath/topology.js';
import { isMissingProgram } from '../command-runner.js';
import type { VerbContext } from '../verb-context.js';
import type { MonitoredPath } from '../verbs.js';

/** What multipathd monitors; `undefined` when it does not answer, or is not installed. */
export async function listMonitoredPaths(
  context: VerbContext,
): Promise<readonly MonitoredPath[] | undefined> {
  try {
    const end = await context.run({
      program: 'multipathd',
      args: ['show', 'paths', 'raw', 'format', '%d %w'],
      timeoutMs: FIXED_BOUNDS.toolTimeoutMs,
    });
    return end.exitCode === 0 && !end.timedOut ? parsePathLines(end.stdout) : undefined;
  } catch (error) {
    if (isMissingProgram(error)) return undefined;
    throw error;
  }
}
