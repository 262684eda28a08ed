import { failedGates } from '../host/gate.js';
import { releaseGates } from '../host/gates.js';
import type { ScsiDeviceFact } from '../host/facts.js';
import { findSessions } from '../host/sysfs/iscsi-session.js';
import { devicesOfSession } from '../host/sysfs/scsi-device.js';
import type { PlannedStep } from '../model/plan.js';
import {
  planDetachInputSchema,
  type GateEvidence,
  type HostSteps,
  type PlanDetachInput,
} from '../model/steps.js';
import type { HostContext } from './host-context.js';
import { observeWithGates } from './inspect-attachment.js';
import { claimFacts, givesRecordBack } from './release-session.js';
import { hostStep } from './step.js';

/**
 * Says what a detach would do now, in its order, with every gate it would pass: the same looks and
 * the same gates, and nothing is changed.
 *
 * @throws HostNotReady - something could not be read, so nothing would be removed
 */
export function planDetachStep(host: HostContext): HostSteps['planDetach'] {
  return hostStep(host, planDetachInputSchema, async ({ input, signal }) => {
    // What the kernel would refuse by itself is said here as well.
    const options = { withPrograms: true };
    const { seen, gates } = await observeWithGates(host, input, signal, options);
    const isRefused = failedGates(gates).length > 0;
    const would = isRefused ? 'refuse' : 'do';
    const { map, withWwid } = seen;
    const steps: PlannedStep[] = [];
    if (map !== undefined) {
      const block = `/dev/${map.block}`;
      steps.push(
        { step: `write back map ${map.name}`, command: `sync ${block}`, would, gates },
        { step: `remove map ${map.name}`, command: `multipath -f ${map.name}`, would, gates: [] },
      );
    } else {
      const carrier = withWwid.find(({ hctl }) => hctl === input.carrier) ?? withWwid[0];
      if (carrier?.block !== undefined) {
        const command = `sync /dev/${carrier.block}`;
        steps.push({ step: `write back ${carrier.block}`, command, would, gates });
      }
    }
    for (const { hctl, block } of withWwid) {
      const command = `echo 1 > /sys/class/scsi_device/${hctl}/device/delete`;
      steps.push({ step: `delete ${block ?? 'device'} (${hctl})`, command, would, gates: [] });
    }
    for (const path of input.paths) {
      steps.push(...(await releasePlan(host, input, path, { withWwid, isRefused })));
    }
    return { steps };
  });
}

async function releasePlan(
  host: HostContext,
  { owner }: PlanDetachInput,
  path: PlanDetachInput['paths'][number],
  seen: { readonly withWwid: readonly ScsiDeviceFact[]; readonly isRefused: boolean },
): Promise<PlannedStep[]> {
  const { portal, iqn, iface } = path;
  const facts = await claimFacts(host, path, owner);
  const leaving = new Set(seen.withWwid.map(({ hctl }) => hctl));
  const steps: PlannedStep[] = [];
  for (const session of await findSessions(host.files, path)) {
    // The volume's own devices have gone by then.
    const all = await devicesOfSession(host.files, session);
    const gates = releaseGates({
      ...facts,
      session,
      path,
      devices: all.filter(({ hctl }) => !leaving.has(hctl)),
    });
    steps.push({
      step: `log out session ${session.sid} to ${portal}`,
      command: `iscsiadm -m session -r ${session.sid} --logout`,
      would: seen.isRefused ? 'refuse' : keepUnless(gates),
      gates,
    });
  }
  const keepsSession = steps.some(({ would }) => would === 'keep');
  const isGivenBack = givesRecordBack(facts, { keepsSession });
  const fate = isGivenBack ? await host.verbs.nodeRecordFate(path) : 'keep';
  const would = seen.isRefused ? 'refuse' : 'do';
  if (fate === 'delete' && !keepsSession) {
    const command = `iscsiadm -m node -T ${iqn} -p ${portal} -I ${iface} -o delete`;
    steps.push({ step: `delete the node record of ${portal}`, command, would, gates: [] });
  }
  if (fate === 'restore') {
    steps.push({ step: `give the node record of ${portal} its old text`, would, gates: [] });
  }
  return steps;
}

function keepUnless(gates: readonly GateEvidence[]): 'do' | 'keep' {
  return failedGates(gates).length === 0 ? 'do' : 'keep';
}
