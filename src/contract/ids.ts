/**
 * Ids and queue names: built and checked here and nowhere else.
 *
 * A workflow id is the fence of an attachment (design 4): one open run per id. Ids carry no secret
 * and stay below 255 characters, because SQL stores keep them in VARCHAR(255).
 */

/** Access modes of an attachment. `exclusive` fences the volume across hosts. */
export const ACCESS_MODES = ['exclusive', 'shared'] as const;
export type AccessMode = (typeof ACCESS_MODES)[number];

export const VOLUME_ID_PATTERN = /^[A-Za-z0-9._:-]{1,128}$/;
export const HOST_ID_PATTERN = /^[a-z0-9.-]{1,63}$/;
export const REQUEST_ID_PATTERN = /^[A-Za-z0-9._:-]{1,128}$/;

/** Queue of the control workers: workflows, and activities that need no host. */
export const CONTROL_TASK_QUEUE = 'mooring-control';

const ATTACHMENT_PREFIX = 'attachment/';
const HOST_QUEUE_PREFIX = 'mooring-host/';

/** One volume on one host, as far as ids go. */
export interface AttachmentKey {
  readonly volumeId: string;
  readonly hostId: string;
  readonly access: AccessMode;
}

/** The queue of one host. A stable name is what makes work wait for a host that reboots. */
export function hostTaskQueue(hostId: string): string {
  return `${HOST_QUEUE_PREFIX}${hostId}`;
}

/** Workflow id of an attachment: the volume alone when exclusive, volume and host when shared. */
export function attachmentWorkflowId(key: AttachmentKey): string {
  return key.access === 'exclusive'
    ? exclusiveWorkflowId(key.volumeId)
    : sharedWorkflowId(key.volumeId, key.hostId);
}

/** `attachment/<volumeId>`: whatever the host, so a second host cannot attach the volume. */
export function exclusiveWorkflowId(volumeId: string): string {
  return `${ATTACHMENT_PREFIX}${volumeId}`;
}

/** `attachment/<volumeId>/<hostId>`: one entity per host. */
export function sharedWorkflowId(volumeId: string, hostId: string): string {
  return `${ATTACHMENT_PREFIX}${volumeId}/${hostId}`;
}

/** Takes an attachment's workflow id apart; `undefined` for any other workflow. */
export function parseAttachmentWorkflowId(
  workflowId: string,
): { volumeId: string; hostId?: string } | undefined {
  if (!workflowId.startsWith(ATTACHMENT_PREFIX)) return undefined;
  const [volumeId, hostId, ...rest] = workflowId.slice(ATTACHMENT_PREFIX.length).split('/');
  if (volumeId === undefined || !VOLUME_ID_PATTERN.test(volumeId) || rest.length > 0) {
    return undefined;
  }
  if (hostId === undefined) return { volumeId };
  return HOST_ID_PATTERN.test(hostId) ? { volumeId, hostId } : undefined;
}

/** Cleans up what an abandoned attachment left on a host, once that is back. */
export function leftoversWorkflowId(key: Pick<AttachmentKey, 'volumeId' | 'hostId'>): string {
  return `leftovers/${key.volumeId}/${key.hostId}`;
}

/** Workflow id of a start-and-wait front: one per request, so a repeated start finds the first. */
export function operationWorkflowId(operation: 'attach' | 'detach', requestId: string): string {
  return `${operation}/${requestId}`;
}

/**
 * The id of an attachment on its host, in claim files. Names the access mode as well: an exclusive
 * attach that is refused because the volume is shared on the same host must not find the other's
 * claims as its own, and undo what it never did.
 */
export function claimOwnerId({ volumeId, hostId, access }: AttachmentKey): string {
  return access === 'exclusive' ? `${volumeId}@${hostId}` : `${volumeId}@${hostId}/shared`;
}
