import { normalisePortal } from '../contract/portal.js';
import type { PortalAnswer, PortalNetwork } from '../host/portal-network.js';
import type { LinuxHost } from './linux-host.js';

/** A slow portal's latency is that of a login; a connection is one of its round trips. */
const LOGIN_ROUND_TRIPS = 4;

/** The third seam on a simulated host: a portal answers as the host's way to it lets it. */
export class SimulatedNetwork implements PortalNetwork {
  readonly #host: LinuxHost;

  constructor(host: LinuxHost) {
    this.#host = host;
  }

  knock(portal: string, timeoutMs: number): Promise<PortalAnswer> {
    return this.#host.serve(async ({ boot }) => {
      const { network, faults } = this.#host;
      const name = normalisePortal(portal);
      const condition = (): string => network.condition(name).kind;
      const changed = (): Promise<void> =>
        Promise.race([network.array.portalChanges.next(), faults.changes.next()]);
      if (!(await boot.waitFor(() => condition() !== 'dropped', changed, timeoutMs))) {
        return 'silent';
      }
      const answerMs = network.latencyMs(name) / LOGIN_ROUND_TRIPS;
      await boot.sleep(Math.min(answerMs, timeoutMs));
      if (answerMs >= timeoutMs) return 'silent';
      return condition() === 'resetting' ? 'refused' : 'open';
    });
  }
}
