import { TypedSearchAttributes, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { startChild } from '@temporalio/workflow';
import { createFailure } from '../contract/failures.js';
import { leftoversWorkflowId } from '../contract/ids.js';
import { LEFTOVERS_WORKFLOW } from '../contract/names.js';
import * as attributes from '../contract/search-attributes.js';
import type { AbandonRequest } from '../model/operations.js';
import type { AbandonResult } from '../model/plan.js';
import { controlSteps } from './activity-proxies.js';
import type { Ledger } from './ledger.js';
import type { leftovers } from './leftovers.js';

/**
 * Refuses to abandon a host that answers: then a detach is possible, and giving the volume free
 * while the host may write to it destroys data.
 *
 * @throws ApplicationFailure `Busy`
 */
export async function refuseWhileAlive(
  ledger: Ledger,
  { evenIfAlive }: AbandonRequest,
): Promise<void> {
  if (evenIfAlive !== undefined) return;
  const { hostId, volumeId } = ledger.key;
  const steps = controlSteps(`look for the worker of ${hostId}`);
  const { polling, lastSeen } = await steps.describeHost({ hostId });
  if (!polling) return;
  throw createFailure(
    'Busy',
    `The worker of ${hostId} answers: detach ${volumeId}, or say with evenIfAlive why it is given up`,
    { hostId, ...(lastSeen === undefined ? {} : { lastSeen }) },
  );
}

/**
 * Gives the volume free. What is on the host is left to a workflow of its own, which cleans up when
 * the host comes back and writes nothing to the volume: another host may have it by then.
 */
export async function giveUp(
  ledger: Ledger,
  { requestedBy, reason, evenIfAlive }: AbandonRequest,
): Promise<AbandonResult> {
  const { key, entry } = ledger;
  const workflowId = leftoversWorkflowId(key);
  const { wwid } = entry.volume ?? ledger.presentPaths[0]?.device ?? {};
  try {
    await startChild<typeof leftovers>(LEFTOVERS_WORKFLOW, {
      workflowId,
      parentClosePolicy: 'ABANDON',
      args: [
        {
          key,
          ...(wwid === undefined ? {} : { wwid }),
          ...(entry.machineId === undefined ? {} : { machineId: entry.machineId }),
          paths: ledger.touchedPaths.map(({ host }) => host),
          removalWaitMs: ledger.policy.removalWaitMs,
        },
      ],
      staticSummary: `clean ${key.hostId} of the abandoned volume ${key.volumeId}`,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: attributes.HOST_ATTRIBUTE, value: key.hostId },
        { key: attributes.VOLUME_ATTRIBUTE, value: key.volumeId },
        { key: attributes.STATE_ATTRIBUTE, value: 'cleaning-up' },
      ]),
    });
  } catch (error) {
    // An earlier cleanup of the same volume and host is still there, and does the same.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  const stated = evenIfAlive === undefined ? '' : `, although its worker answered: ${evenIfAlive}`;
  entry.warnings = [...entry.warnings, `abandoned by ${requestedBy}: ${reason}${stated}`];
  for (const path of entry.paths) path.touched = false;
  ledger.setState('abandoned');
  return { volumeId: key.volumeId, hostId: key.hostId, state: 'abandoned', cleanup: workflowId };
}
