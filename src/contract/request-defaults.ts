import type { AttachRequest, AttachRequestInput } from '../model/attach-request.js';
import type { DetachRequest, DetachRequestInput } from '../model/detach-request.js';
import type {
  Approval,
  ApprovalInput,
  PlanRequest,
  PlanRequestInput,
} from '../model/operations.js';

/**
 * Fills in what a checked request left out, for callers that send the update without mooring's
 * client. The same defaults as the schema's; a test holds the two together.
 */
export function withAttachDefaults(request: AttachRequestInput | AttachRequest): AttachRequest {
  const { connection } = request;
  return {
    ...request,
    access: request.access ?? 'exclusive',
    connection: {
      ...connection,
      iface: connection.iface ?? 'default',
      addressingMode: connection.addressingMode ?? 'SAM',
    },
    expect: request.expect ?? {},
    multipath: request.multipath ?? 'preferred',
    onBoot: request.onBoot ?? 'reattach',
    policy: request.policy ?? {},
  };
}

export function withDetachDefaults(request: DetachRequestInput): DetachRequest {
  return { ...request, mode: request.mode ?? 'normal' };
}

export function withPlanDefaults(request: PlanRequestInput): PlanRequest {
  return { ...request, operation: request.operation ?? 'detach', mode: request.mode ?? 'normal' };
}

export function withDecision(request: ApprovalInput): Approval {
  return { ...request, decision: request.decision ?? 'approve' };
}
