import { findNodeRecord } from '../../host/iscsiadm/node-database.js';
import { requirePortalTarget } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { PortalTarget } from '../verbs.js';

/** Whether there is a node record for this portal, target and iface. */
export async function hasNodeRecord(context: VerbContext, input: PortalTarget): Promise<boolean> {
  requirePortalTarget(input);
  return (await findNodeRecord(context.files, input)) !== undefined;
}
