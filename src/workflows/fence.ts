import { createFailure } from '../contract/failures.js';
import { leftoversWorkflowId, type AttachmentKey } from '../contract/ids.js';
import { controlSteps } from './activity-proxies.js';

/**
 * Refuses the volume when it is attached in the other access mode. Runs beside the logins, which do not
 * touch the volume, and is awaited before the device is formed.
 *
 * @throws ApplicationFailure `AttachedElsewhere`, or `Busy` when something abandoned is still to go
 */
export async function refuseOtherAccess(key: AttachmentKey): Promise<void> {
  const { volumeId, hostId, access } = key;
  const steps = controlSteps(`look for ${volumeId} in the other access mode`);
  const [other] = await steps.findConflicts({ ...key });
  if (other === undefined) return;
  if (other.workflowId === leftoversWorkflowId(key)) {
    throw createFailure(
      'Busy',
      `${hostId} still has to be cleaned of an abandoned attachment of ${volumeId}`,
      { workflowId: other.workflowId, hostId },
    );
  }
  throw createFailure(
    'AttachedElsewhere',
    `Refused to attach ${volumeId} for ${access} access: ${other.workflowId} is open`,
    {
      workflowId: other.workflowId,
      ...(other.hostId === undefined ? {} : { hostId: other.hostId }),
    },
  );
}
