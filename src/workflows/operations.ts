import { workflowInfo } from '@temporalio/workflow';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult, DetachResult } from '../model/attach-result.js';
import type { DetachRequest } from '../model/detach-request.js';
import { entityCalls } from './activity-proxies.js';

/**
 * Start-and-wait front of an attach, for callers that cannot send an update: the web UI, schedules,
 * parent workflows, other languages. Holds no logic of its own.
 */
export async function attachVolume(request: AttachRequest): Promise<AttachResult> {
  const steps = entityCalls(`attach ${request.volumeId} to ${request.hostId}`);
  return (await steps.attachThroughEntity(withRequestId(request))) as AttachResult;
}

/** Start-and-wait front of a detach. */
export async function detachVolume(request: DetachRequest): Promise<DetachResult> {
  const steps = entityCalls(`detach ${request.volumeId} from ${request.hostId}`);
  return (await steps.detachThroughEntity(withRequestId(request))) as DetachResult;
}

/** One intent for all tries of the call: without an id each would be a request of its own. */
function withRequestId<Request extends { readonly requestId?: string | undefined }>(
  request: Request,
): Request {
  return { ...request, requestId: request.requestId ?? workflowInfo().runId };
}
