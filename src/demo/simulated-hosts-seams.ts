import { connectSimulatedHost } from '../simulator/remote-host.js';
import type { HostSeams } from '../worker/host-seams.js';
import { WorkerRefused } from '../worker/worker-refused.js';

/**
 * The seams of a simulated host, for a host worker that was told `--simulated SOCKET`.
 *
 * @throws WorkerRefused when no simulator listens there, or it has no such host
 */
export async function openSimulatedHost(options: {
  readonly socketPath: string;
  readonly hostId: string;
}): Promise<HostSeams> {
  try {
    return await connectSimulatedHost(options);
  } catch (error) {
    const { socketPath, hostId } = options;
    const why = error instanceof Error ? error.message : String(error);
    throw new WorkerRefused(
      'unreachable',
      `No simulated host ${hostId} at ${socketPath} (--simulated or MOORING_SIMULATED_HOST): ${why}`,
      error,
    );
  }
}
