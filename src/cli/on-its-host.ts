import type { MooringClient } from '../client/mooring-client.js';
import { OperationError } from '../client/operation-error.js';

/** Fills in the host of a request that names none: the one its volume is on. */
export async function onItsHost<
  Request extends { readonly volumeId: string; readonly hostId?: string | undefined },
>(mooring: MooringClient, request: Request): Promise<Request & { hostId: string }> {
  const { volumeId } = request;
  const hostId = request.hostId ?? (await mooring.find({ volumeId })).hostId;
  if (hostId !== undefined) return { ...request, hostId };
  throw new OperationError({
    type: 'InvalidRequest',
    message: `The host of volume ${volumeId} is not known`,
    advice: 'name it with --host',
  });
}
