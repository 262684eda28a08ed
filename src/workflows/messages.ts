import { defineQuery, defineUpdate } from '@temporalio/workflow';
import { ATTACH_UPDATE, DETACH_UPDATE, STATE_QUERY } from '../contract/names.js';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult, DetachResult } from '../model/attach-result.js';
import type { AttachmentView } from '../model/attachment.js';
import type { DetachRequest } from '../model/detach-request.js';

/** Brings the volume up and returns its device. Sent with start. */
export const attachUpdate = defineUpdate<AttachResult, [AttachRequest]>(ATTACH_UPDATE);

/** Flushes, removes, releases; closes the run. Waits for a host that is away. */
export const detachUpdate = defineUpdate<DetachResult, [DetachRequest]>(DETACH_UPDATE);

/** The whole ledger entry. */
export const stateQuery = defineQuery<AttachmentView>(STATE_QUERY);
