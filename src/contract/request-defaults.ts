import type { AttachRequest, AttachRequestInput } from '../model/attach-request.js';

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
