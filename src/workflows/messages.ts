import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import * as names from '../contract/names.js';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult, DetachResult } from '../model/attach-result.js';
import type { AttachmentView } from '../model/attachment.js';
import type { DetachRequest } from '../model/detach-request.js';
import type { AbandonRequest, Approval, PlanRequest, VolumeRequest } from '../model/operations.js';
import type { AbandonResult, PlanResult, VerifyResult } from '../model/plan.js';

/** Brings the volume up and returns its device. Sent with start. */
export const attachUpdate = defineUpdate<AttachResult, [AttachRequest]>(names.ATTACH_UPDATE);

/** Flushes, removes, releases; closes the run. Waits for a host that is away. */
export const detachUpdate = defineUpdate<DetachResult, [DetachRequest]>(names.DETACH_UPDATE);

/** Compares the host with the ledger; changes nothing. */
export const verifyUpdate = defineUpdate<VerifyResult, [VolumeRequest]>(names.VERIFY_UPDATE);

/** Brings up what is missing, and the device over it. */
export const repairUpdate = defineUpdate<AttachResult, [VolumeRequest]>(names.REPAIR_UPDATE);

/** What a detach or a repair would do now, gate by gate; changes nothing. */
export const planUpdate = defineUpdate<PlanResult, [PlanRequest]>(names.PLAN_UPDATE);

/** A person's decision on the step the attachment waits with. Answers with what it was about. */
export const approveUpdate = defineUpdate<string, [Approval]>(names.APPROVE_UPDATE);

/** A person's statement that the host is gone for good; closes the run. */
export const abandonUpdate = defineUpdate<AbandonResult, [AbandonRequest]>(names.ABANDON_UPDATE);

/** Which boot of a host has begun. */
export interface HostBooted {
  readonly bootId: string;
  readonly machineId: string;
}

/** The host's worker has started in a new boot: what the ledger knows of the old one is void. */
export const hostBootedSignal = defineSignal<[HostBooted]>(names.HOST_BOOTED_SIGNAL);

/** The whole ledger entry. */
export const stateQuery = defineQuery<AttachmentView>(names.STATE_QUERY);
