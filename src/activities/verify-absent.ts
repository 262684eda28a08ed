import { createFailure } from '../contract/failures.js';
import { absenceGates } from '../host/absence-gates.js';
import { failedGates } from '../host/gate.js';
import { verifyAbsentInputSchema, type HostSteps } from '../model/steps.js';
import type { HostContext } from './host-context.js';
import { hostStep } from './step.js';
import { observeVolume } from './volume-observation.js';

/**
 * One more look by WWID: other scans can bring a mapped LUN back in between (peers.md, LXD#18989).
 *
 * @throws CleanupIncomplete - permanent: a device or map of the volume is on the host
 */
export function verifyAbsentStep(host: HostContext): HostSteps['verifyAbsent'] {
  return hostStep(host, verifyAbsentInputSchema, async ({ input }) => {
    const { withWwid, map } = await observeVolume(host, input);
    const gates = absenceGates({ devices: withWwid, map });
    const failed = failedGates(gates);
    if (failed.length > 0) {
      const said = failed.map(({ evidence }) => evidence).join('; ');
      throw createFailure('CleanupIncomplete', `${input.wwid ?? 'The volume'}: ${said}`, {
        gates: failed,
      });
    }
    return { removed: [], kept: [], gates };
  });
}
