import { createFailure } from '../contract/failures.js';
import { checkHostInputSchema, type HostSteps } from '../model/steps.js';
import type { HostContext } from './host-context.js';
import { hostStep } from './step.js';

/**
 * Finds out whether the host has what a request cannot do without, before anything is touched.
 * Asked only for such requests.
 *
 * @throws MultipathUnavailable - permanent: a map is required, and multipathd does not answer
 * @throws InvalidRequest - permanent: the host has no such iface
 */
export function checkHostStep(host: HostContext): HostSteps['checkHost'] {
  return hostStep(host, checkHostInputSchema, async ({ input }) => {
    const { iface, needsMultipath } = input;
    if (!(await host.verbs.hasIface({ iface }))) {
      throw createFailure(
        'InvalidRequest',
        `connection.iface ${iface} has no record on this host`,
        {
          problems: [{ field: 'connection.iface', problem: 'has no record on this host' }],
        },
      );
    }
    if (needsMultipath && (await host.verbs.listMonitoredPaths()) === undefined) {
      throw createFailure(
        'MultipathUnavailable',
        'A map is required, and multipathd gives no answer',
      );
    }
    return {};
  });
}
